package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// environmentAccount is an account of a connector with credentials and context from MB_<CONNECTOR>_<FIELD>. Everything
// that is missing is named at once.
func environmentAccount(conn *connector.Connector, env func(string) (string, bool)) (*account.Account, error) {
	a := &account.Account{ID: conn.Name, Connector: conn.Name, Context: map[string]any{}, Credentials: map[string]secret.Value{}}
	for _, c := range conn.Credentials {
		if value, _ := env(variable(conn.Name, c.Name)); value != "" {
			a.Credentials[c.Name] = secret.New(value)
		}
	}
	if missing := missingVariables(conn, conn.MissingCredentials(a.Has)); len(missing) > 0 {
		return nil, badInput("%s takes its credentials from the environment, where these are missing:\n%s", conn.Name, strings.Join(missing, "\n"))
	}
	for _, v := range conn.Context {
		name := variable(conn.Name, v.Name)
		text, _ := env(name)
		if text == "" {
			continue
		}
		value, err := typed(v.Type, text)
		if err != nil {
			return nil, badInput("%s: %w", name, err)
		}
		a.Context[v.Name] = value
		a.BaseURLSet = a.BaseURLSet || v.Name == "base_url"
	}
	if _, err := conn.ResolveContext(a.Context); err != nil {
		if wrong := (*connector.ContextError)(nil); errors.As(err, &wrong) {
			return nil, badInput("%s %s", variable(conn.Name, wrong.Key), wrong.Reason)
		}
		return nil, badInput("the context of %s: %w", conn.Name, err)
	}
	return a, nil
}

// missingVariables are the lines that name what an account lacks, alternatives one after the other.
func missingVariables(conn *connector.Connector, lacks []connector.Lack) []string {
	var out []string
	for _, lack := range lacks {
		for i, names := range lack {
			if i > 0 {
				out = append(out, "  or")
			}
			for _, name := range names {
				c, _ := conn.Credential(name)
				out = append(out, fmt.Sprintf("  %-28s %s", variable(conn.Name, name), join(c.Title, c.Docs)))
			}
		}
	}
	return out
}

// typed is a variable's text as the type that the connector declares.
func typed(kind, text string) (any, error) {
	switch kind {
	case "boolean":
		b, err := strconv.ParseBool(text)
		if err != nil {
			return nil, fmt.Errorf("wants true or false, and got %q", text)
		}
		return b, nil
	case "number":
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("wants a number, and got %q", text)
		}
		return f, nil
	case "list":
		list := []any{}
		for part := range strings.SplitSeq(text, ",") {
			list = append(list, strings.TrimSpace(part))
		}
		return list, nil
	case "map":
		var values map[string]any
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber() // a price keeps its digits
		if err := d.Decode(&values); err != nil || d.More() || values == nil {
			return nil, fmt.Errorf(`wants a JSON object such as {"sku-1": 0.07}, and got %q`, text)
		}
		return values, nil
	}
	return text, nil
}
