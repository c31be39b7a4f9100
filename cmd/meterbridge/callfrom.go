package main

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// defaultConfig is the configuration's name where none is given.
const defaultConfig = "config.yaml"

// asker is who to ask and for which account: a running gateway, or a house of this process that nothing else reaches.
func (v *callVerb) asker(to std) (who *asker, account string, done func(), err error) {
	address := v.URL
	if address == "" && v.Config == "" && v.Connector == "" {
		address = os.Getenv("MB_URL")
	}
	if address != "" {
		who, err := remoteAsker(address, cmp.Or(v.Token, os.Getenv("MB_TOKEN")), to)
		return who, v.Account, func() {}, err
	}
	if v.Account == "" && v.Connector == "" {
		return nil, "", nil, badInput("which account? --account ID, or --connector NAME with credentials in the environment")
	}
	cfg, err := v.configuration("a running gateway with --url, or a connector with --connector and credentials in the environment")
	if err != nil {
		return nil, "", nil, err
	}
	house, who, err := inProcessAsker(cfg, to)
	if err != nil {
		return nil, "", nil, err
	}
	if account = v.Account; v.Connector != "" {
		if account, err = v.fromEnvironment(house, os.LookupEnv); err != nil {
			house.Close()
			return nil, "", nil, err
		}
	}
	return who, account, func() { house.Close() }, nil
}

func remoteAsker(address, token string, to std) (*asker, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, badInput("--url wants an address such as http://127.0.0.1:8080, and got %q", address)
	}
	if token == "" {
		return nil, badInput("the gateway wants a token: --token TOKEN, or MB_TOKEN in the environment")
	}
	// A redirect would carry the token to wherever it points.
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &asker{base: strings.TrimRight(address, "/"), token: token, http: client, notes: to.err}, nil
}

// inProcessAsker builds a house that only this process can ask.
func inProcessAsker(cfg *config.Config, to std) (*assembly.House, *asker, error) {
	token := rand.Text()
	cfg.Auth.Tokens = append(cfg.Auth.Tokens, config.NewToken("command line", secret.New(token), []string{"*"}, false))
	house, err := assembly.Build(cfg, assembly.Options{Version: version})
	if err != nil {
		return nil, nil, err
	}
	return house, &asker{base: "http://in-process", token: token, http: &http.Client{Transport: inProcess{house}}, notes: to.err, fades: len(cfg.SecretKeys) == 0}, nil
}

// ownAccount is where an account comes from that no running gateway has: a configuration, or the environment.
type ownAccount struct {
	Connector string `help:"In place of an account: a connector, by its name, its file or the folder that holds connectors/ and mappings/; with credentials from MB_<CONNECTOR>_<FIELD> in the environment." placeholder:"NAME|PATH" short:"c"`
	Config    string `help:"The configuration to take the account from; default: config.yaml." type:"path" placeholder:"FILE"`
	folders
}

// configuration is the file's, or with --connector, which needs none, that of an empty file. ways are what else could have
// been given where there is no file.
func (v *ownAccount) configuration(ways string) (*config.Config, error) {
	cfg := config.Default()
	if v.Config != "" || v.Connector == "" {
		var err error
		file := cmp.Or(v.Config, defaultConfig)
		if cfg, err = config.Load(file); errors.Is(err, fs.ErrNotExist) && v.Config == "" {
			return nil, badInput("there is no %s here: name one with --config, %s", file, ways)
		} else if err != nil {
			return nil, err
		}
	}
	v.folders = v.beside()
	cfg.Connectors.Dir, cfg.Mappings.Dir = cmp.Or(v.Connectors, cfg.Connectors.Dir), cmp.Or(v.Mappings, cfg.Mappings.Dir)
	if v.Connector != "" {
		cfg.Accounts = config.Accounts{} // their credentials are not this call's
		cfg.Egress.Allow = append(cfg.Egress.Allow, ownMachine(os.Getenv(variable(v.Connector, "base_url")))...)
	}
	return cfg, nil
}

// ownMachine allows the loopback addresses where whoever calls has pointed the connector at them.
func ownMachine(base string) []netip.Prefix {
	u, err := url.Parse(base)
	if err != nil {
		return nil
	}
	if ip, err := netip.ParseAddr(u.Hostname()); u.Hostname() == "localhost" || err == nil && ip.IsLoopback() {
		return assembly.Loopback
	}
	return nil
}

// variable is the name in the environment of a connector's credential or context variable.
func variable(connector, field string) string {
	return strings.ToUpper(strings.ReplaceAll("MB_"+connector+"_"+field, "-", "_"))
}

// fromEnvironment makes the house's only account, of what the environment says.
func (v *ownAccount) fromEnvironment(house *assembly.House, env func(string) (string, bool)) (id string, err error) {
	catalog := house.Catalog()
	conn := catalog.Connectors.Get(v.Connector)
	if conn == nil {
		return "", unknownName("connector", v.Connector, catalog.Connectors.Names())
	}
	a, err := environmentAccount(conn, env)
	if err != nil {
		return "", err
	}
	if err := house.ServeOnly(a); err != nil {
		return "", fmt.Errorf("taking the account of the environment: %w", err)
	}
	return a.ID, nil
}
