package meterbridge_test

import (
	"maps"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/config"
)

// TestComposeServes: the configuration inside compose.yaml starts a gateway, and its accounts are those that the simulator knows.
func TestComposeServes(t *testing.T) {
	text, err := os.ReadFile("compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var compose struct {
		Configs map[string]struct{ Content string }
	}
	if err := yaml.Unmarshal(text, &compose); err != nil {
		t.Fatal(err)
	}
	content := strings.ReplaceAll(compose.Configs["gateway"].Content, "$$", "$")
	cfg, errs := config.Parse("compose.yaml", []byte(content), func(name string) (string, bool) {
		return "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", name == "MB_SECRET_KEY"
	})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	house, err := assembly.Build(cfg, assembly.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer house.Close()
	cassettes, err := assembly.Files{}.Cassettes()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]map[string]string{}
	for _, c := range cassettes {
		known[c.Name] = c.Credentials
	}
	if len(cfg.Accounts.Static) == 0 {
		t.Error("there is no account to try it with")
	}
	for _, a := range cfg.Accounts.Static {
		given := map[string]string{}
		for k, v := range a.Credentials {
			given[k] = v.Reveal()
		}
		if !maps.Equal(given, known[a.Connector]) {
			t.Errorf("%s has other credentials than its cassette", a.ID)
		}
	}
}
