package admin

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// What is given is laid over an account key by key, null takes a key out, and what is not given stays.
func TestAChangeIsLaidOver(t *testing.T) {
	for name, c := range map[string]struct {
		body, tenant string
		context      map[string]any
		credentials  string
	}{
		"nothing":                {`{}`, "t", map[string]any{"region": "eu", "deep": map[string]any{"a": 1}}, "key=k more=m"},
		"a key more":             {`{"context": {"seats": 3, "price": 0.10}}`, "t", map[string]any{"region": "eu", "deep": map[string]any{"a": 1}, "seats": 3, "price": json.Number("0.10")}, "key=k more=m"},
		"an object as a whole":   {`{"context": {"deep": {"b": 2}}}`, "t", map[string]any{"region": "eu", "deep": map[string]any{"b": 2}}, "key=k more=m"},
		"a key less":             {`{"context": {"deep": null}, "tenant_id": ""}`, "", map[string]any{"region": "eu"}, "key=k more=m"},
		"no context":             {`{"context": null}`, "t", map[string]any{"region": "eu", "deep": map[string]any{"a": 1}}, "key=k more=m"},
		"another credential":     {`{"credentials": {"key": "new"}}`, "t", map[string]any{"region": "eu", "deep": map[string]any{"a": 1}}, "key=new more=m"},
		"a credential taken out": {`{"credentials": {"more": null, "third": "x"}}`, "t", map[string]any{"region": "eu", "deep": map[string]any{"a": 1}}, "key=k third=x"},
	} {
		t.Run(name, func(t *testing.T) {
			given := map[string]any{"region": "eu", "deep": map[string]any{"a": 1}}
			a := &account.Account{ID: "a", TenantID: "t", Context: given, Credentials: map[string]secret.Value{"key": secret.New("k"), "more": secret.New("m")}}
			var change AccountChange
			if err := json.Unmarshal([]byte(c.body), &change); err != nil {
				t.Fatal(err)
			}
			if err := change.apply(a); err != nil {
				t.Fatal(err)
			}
			var credentials []string
			for _, name := range slices.Sorted(maps.Keys(a.Credentials)) {
				credentials = append(credentials, name+"="+a.Credentials[name].Reveal())
			}
			if a.TenantID != c.tenant || !reflect.DeepEqual(a.Context, c.context) || strings.Join(credentials, " ") != c.credentials {
				t.Errorf("tenant %q, context %v, credentials %v", a.TenantID, a.Context, credentials)
			}
			if len(given) != 2 {
				t.Error("the context that others hold has changed")
			}
		})
	}
}

// An account that can't be read has the credentials that are given, and no others.
func TestAnUnreadableAccountIsMendedByNewCredentials(t *testing.T) {
	a := &account.Account{ID: "a", Unreadable: true}
	change := AccountChange{Credentials: map[string]*string{"key": new(string)}}
	*change.Credentials["key"] = "new"
	if err := change.apply(a); err != nil || a.Unreadable || len(a.Credentials) != 1 {
		t.Errorf("%v, unreadable: %v, %d credentials", err, a.Unreadable, len(a.Credentials))
	}
}

func TestOverridesComeAsTextsOrNotAtAll(t *testing.T) {
	for body, want := range map[string]string{`{}`: "none", `{"requests": null}`: "none", `{"mappings": {}}`: "none", `{"mappings": {"usage": "{}"}}`: "usage", `{"requests": {"usage": {}}}`: "requests"} {
		var o Overrides
		if err := json.Unmarshal([]byte(body), &o); err != nil {
			t.Fatal(err)
		}
		got, made := "none", o.account()
		switch {
		case made == nil:
		case !made.Untrusted:
			t.Errorf("%s: a caller's overrides are trusted", body)
		case made.Requests.Text != "":
			got = "requests"
		default:
			got = slices.Sorted(maps.Keys(made.Mappings))[0]
		}
		if got != want {
			t.Errorf("%s gives %s, want %s", body, got, want)
		}
	}
}
