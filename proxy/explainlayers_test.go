package proxy_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestExplainTellsOfOverrides: what is explained is what is served, and each value is the layer's that gave it.
func TestExplainTellsOfOverrides(t *testing.T) {
	t.Parallel()
	h := overridden(t, environment, mappingOf(ofAccount))
	v := h.good(february + asExplained + "true").explained(t)
	served := h.walk(february + "&limit=1000&truto_ignore_remote_data=true")
	var records, told []string
	for _, item := range v.Debug.Explain.Items {
		if item.Partial {
			t.Error("it is partial")
		}
		for _, rec := range item.Records {
			records = append(records, string(rec.Output))
			for _, f := range rec.Fields {
				file, line, _ := strings.Cut(filepath.Base(f.Line), ":")
				told = append(told, fmt.Sprintf("%s=%s %s %s %s:%s", f.Field, f.Value, strings.Join(f.From, "+"), f.Layer, file, line))
			}
		}
	}
	same(t, "explained records", records, served)
	for _, want := range []string{
		`id="a" records[0].id base acme.jq:5`,
		`product.id="p1" records[0].product.id base acme.jq:5`,
		`product.name="E p1" records[0].product.id environment acme.jq:5`,
		`charges[0].amount=123.4567890123456789 records[0].charges[0].amount base acme.jq:5`,
		`charges[1].amount=135.80246791358024679 records[0].charges[0].amount environment acme.jq:6`,
		`charges[1].type="net" constant environment acme.jq:6`,
		`user.id="blue" team account config.yaml:9`,
		`dimensions.of="t1" $account.tenant_id account config.yaml:9`,
		`dimensions.team="blue" team environment acme.jq:5`,
		`metric_name="as the account has it" records[0].id account config.yaml:9`,
	} {
		if !strings.Contains(strings.Join(told, "\n")+"\n", want+"\n") {
			t.Errorf("it does not tell %s", want)
		}
	}
	if t.Failed() {
		t.Log(strings.Join(told, "\n"))
	}
	same(t, "unread", v.Debug.Explain.Unread, []string{"records[].metric_name"}) // whose value the account replaces
}
