package mapping

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/jq"
)

func explainer(t *testing.T, text string, vars *Vars) *Explainer {
	t.Helper()
	e, err := compile(t, text).Explainer("usage", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if vars != nil {
		if err := e.Bind(vars); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

// sourcesOf are the fields of all records as "field<-sources@line", but for the constants of every record.
func sourcesOf(x *Explanation) string {
	var out []string
	for _, r := range x.Records {
		for _, f := range r.Fields {
			_, line, _ := strings.Cut(f.Line, ":")
			out = append(out, fmt.Sprintf("%s<-%s@%s", f.Field, strings.Join(f.From, "+"), line))
		}
	}
	return strings.Join(out, " ")
}

func TestExplain(t *testing.T) {
	all := []int{0, 1, 2, 3}
	for _, c := range []struct {
		name, text, item string
		vars             *Vars
		want             string
		shapes, unread   string
	}{
		{"direct and renamed", "# a\ndef usage: {\n id,\n metric_name: .kind};", `{"id":"a","kind":"k","more":1}`, nil,
			"id<-id@3 metric_name<-kind@4", "", "more"},
		{"in a definition of its own", "# a\ndef who: {id: .org,\n name: .label};\ndef usage: {id, organization: who};", `{"id":"a","org":"o","label":"l"}`, nil,
			"id<-id@4 organization.id<-org@2 organization.name<-label@3", "", ""},
		{"constants", "# a\ndef usage: {id, charges: [{amount: .a, currency: \"USD\", type: (\"to\" + \"tal\")}]};", `{"id":"a","a":1.5}`, nil,
			"id<-id@2 charges[0].amount<-a@2 charges[0].currency<-constant@2 charges[0].type<-constant@2", "", ""},
		{"a charge that is dropped", "# a\ndef usage: {id, charges: [{amount: .none, currency: \"USD\", type: \"list\"},\n {amount: .a, currency: \"USD\", type: \"total\"}]};", `{"id":"a","a":1.5}`, nil,
			"id<-id@2 charges[0].amount<-a@3 charges[0].currency<-constant@3 charges[0].type<-constant@3", "", ""},
		{"decimals", "# a\ndef usage: {id, charges: [{amount: ([.a, (.b | dneg)] | dsum), currency: \"USD\", type: .t}]};", `{"id":"a","a":1.5,"b":"0.5","t":"x"}`, nil,
			"id<-id@2 charges[0].amount<-a+b@2 charges[0].currency<-constant@2 charges[0].type<-t@2", "", ""},
		{"a condition on one word", "# a\ndef usage: {id, charge_category: (if .kind == \"CREDIT\" then \"credit\" else \"usage\" end)};", `{"id":"a","kind":"k"}`, nil,
			"id<-id@2 charge_category<-kind@2", "", ""},
		{"a condition on a date", "# a\ndef usage: (.day | day_start) as $d | {id, start_date: $d, finality: (if $d >= $query.preliminary_from then \"preliminary\" else \"final\" end)};",
			`{"id":"a","day":"2026-11-01"}`, &Vars{Query: []byte(`{"preliminary_from":"2026-11-02T00:00:00Z"}`)},
			"id<-id@2 start_date<-day@2 finality<-day+$query.preliminary_from@2", "", ""},
		{"a part of a text", "# a\ndef org: [split(\"/\")[] | select(startswith(\"organization=\")) | ltrimstr(\"organization=\")][0];\ndef usage: {id, organization: {id: (.crn | org)}};", `{"id":"a","crn":"crn://x/organization=5d0c/env=1"}`, nil,
			"id<-id@3 organization.id<-crn@3", "", ""},
		{"a lookup", "# a\ndef usage: {id, workspace: {id: .env, name: $lookups.envs[.env].label}};", `{"id":"a","env":"e2"}`,
			&Vars{Lookups: []byte(`{"envs":{"e1":{"label":"one"},"e2":{"label":"two","other":1}}}`)},
			`id<-id@2 workspace.id<-env@2 workspace.name<-$lookups.envs.e2.label@2`, "", ""},
		{"the account and the call", "# a\ndef usage: $account.context as $c | {id, organization: {id: $c.org_id}, metric_name: $call.name};", `{"id":"a"}`,
			&Vars{Account: []byte(`{"context":{"org_id":"o"}}`), Call: []byte(`{"name":"daily"}`)},
			"id<-id@2 metric_name<-$call.name@2 organization.id<-$account.context.org_id@2", "", ""},
		{"the outer item", "# a\ndef usage: {id, organization: {id: $parent.id}, metric_name: $carry.cycle};", `{"id":"a"}`,
			&Vars{Parent: []byte(`{"id":"o","more":1}`), Carry: []byte(`{"cycle":"c"}`)}, "id<-id@2 metric_name<-$carry.cycle@2 organization.id<-$parent.id@2", "", ""},
		{"several outputs of their own lines", "# a\ndef usage: .lines[] | {id: .k, metric_name: .m, remote_data: .};", `{"lines":[{"k":"a","m":"x"},{"k":"b","m":"y","z":1}]}`, nil,
			"id<-lines[0].k@2 metric_name<-lines[0].m@2 id<-lines[1].k@2 metric_name<-lines[1].m@2", "", "lines[].z"},
		{"groups", "# a\ndef usage: .lines | group_by(.p)[] | {id: .[0].p, usage: {quantity: (map(.c) | dsum)}, remote_data: .};", `{"lines":[{"p":"a","c":1},{"p":"b","c":2},{"p":"a","c":3}]}`, nil,
			"id<-lines[].p@2 usage.quantity<-lines[0].c+lines[2].c@2 id<-lines[1].p@2 usage.quantity<-lines[1].c@2", "lines[0].p lines[2].p", ""},
		{"columns", "# a\ndef usage: to_entries[] | select(.key | endswith(\" Credits\")) | {id: .key, product: {id: (.key | rtrimstr(\" Credits\"))}, usage: {quantity: (.value | dec)}};", `{"Date":"x","A Credits":"1","B Credits":"2"}`, nil,
			`id<-name of ["A Credits"]@2 product.id<-name of ["A Credits"]@2 usage.quantity<-["A Credits"]@2 id<-name of ["B Credits"]@2 product.id<-name of ["B Credits"]@2 usage.quantity<-["B Credits"]@2`, "", "Date"},
		{"tags as they are", "# a\ndef usage: {id, dimensions: (.tags + {region})};", `{"id":"a","region":"r","tags":{"x":"1","a b":"2"}}`, nil,
			`id<-id@2 dimensions["a b"]<-tags["a b"]@2 dimensions.region<-region@2 dimensions.x<-tags.x@2`, "", ""},
		{"a member that is nobody's but the remote data's", "# a\ndef usage: . as $item | {id, remote_data: ($item | {id, more})};", `{"id":"a","more":{"x":1}}`, nil,
			"id<-id@2", "", "more.x"},
		{"a value that fails", "# a\ndef usage: if .v == 1 then {id} else error(\"x\") end;", `{"id":"a","v":1}`, nil, "id<-id@2", "v", ""},
		{"nothing", "# a\ndef usage: empty;", `{"id":"a"}`, nil, "", "", "id"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := explainer(t, c.text, c.vars)
			x, err := e.Item(t.Context(), []byte(c.item), all...)
			if err != nil {
				t.Fatal(err)
			}
			if got := sourcesOf(x); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
			if got := strings.Join(x.Shapes, " "); got != c.shapes {
				t.Errorf("shapes %q, want %q", got, c.shapes)
			}
			if unread, n, over := e.Unread(); strings.Join(unread, " ") != c.unread || n != len(unread) || over != 1 {
				t.Errorf("unread %q (%d) over %d, want %q", unread, n, over, c.unread)
			}
			if x.Partial {
				t.Error("it is partial")
			}
		})
	}
}

func TestOnlyTheServedRecordsAreExplained(t *testing.T) {
	e := explainer(t, "# a\ndef usage: .[] | {id: .};", nil)
	x, err := e.Item(t.Context(), []byte(`["a","b","c"]`), 1)
	if err != nil || len(x.Records) != 1 || sourcesOf(x) != "id<-[1]@2" || string(x.Records[0].Fields[0].Value) != `"b"` || x.Records[0].Fields[0].Layer != Base {
		t.Errorf("%+v, %v", x, err)
	}
}

// TestLinesOfALibraryAreItsOwn: they name its file.
func TestLinesOfALibraryAreItsOwn(t *testing.T) {
	lib := jq.Source{File: "lib/named.jq", Text: "# l\n\ndef named: {id: .org, name: .label};"}
	p, findings := Compile(jq.Source{File: "acme.jq", Text: "# a\ninclude \"named\";\ndef usage: {id, organization: named};"}, model(t), lib)
	if p == nil {
		t.Fatal(findings)
	}
	e, err := p.Explainer("usage", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	x, err := e.Item(t.Context(), []byte(`{"id":"a","org":"o","label":"l"}`), 0)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range x.Records[0].Fields {
		lines = append(lines, f.Line)
	}
	if got := strings.Join(lines, " "); got != "acme.jq:3 lib/named.jq:3 lib/named.jq:3" {
		t.Error(got)
	}
}

// TestUnreadOverSeveralItems: a field that one of them reads is read.
func TestUnreadOverSeveralItems(t *testing.T) {
	e := explainer(t, "# a\ndef usage: {id, dimensions: with_entries(select(.key == \"x\"))};", nil)
	for _, item := range []string{`{"id":"a","x":1,"y":1}`, `{"id":"b","y":2,"z":null,"o":{"p":1}}`} {
		if err := e.Pass(t.Context(), []byte(item)); err != nil {
			t.Fatal(err)
		}
	}
	if unread, _, over := e.Unread(); strings.Join(unread, " ") != "y o.p z" || over != 2 {
		t.Error(unread, over)
	}
}

func TestExplanationsAreBounded(t *testing.T) {
	text := "# a\ndef usage: {id, dimensions: ([.l[].k] | to_entries | map({key: \"k\\(.key)\", value}) | from_entries)};"
	var lines []string
	for i := range 400 {
		lines = append(lines, fmt.Sprintf(`{"k":"v%d"}`, i))
	}
	item := []byte(`{"id":"a","l":[` + strings.Join(lines, ",") + `]}`)
	e := explainer(t, text, nil)
	e.most = 100
	x, err := e.Item(t.Context(), item, 0)
	if err != nil || !x.Partial || e.runs > e.most+1 {
		t.Errorf("%v, %d runs, partial %v", err, e.runs, x.Partial)
	}
	if got := x.Records[0].Fields; len(got) != 401 || got[400].From[0] != Unknown {
		t.Errorf("%d fields, the last from %v", len(got), got[400].From)
	}
	if err := e.Pass(t.Context(), item); err != nil || e.items != 1 {
		t.Errorf("an item is looked at when no run is left: %v, %d", err, e.items)
	}
	e = explainer(t, text, nil)
	e.until = time.Now()
	if x, err = e.Item(t.Context(), item, 0); err != nil || !x.Partial || e.runs != 1 {
		t.Errorf("%v, %d runs, partial %v", err, e.runs, x.Partial)
	}
	e = explainer(t, "# a\ndef usage: {id, metric_name: .k};", nil)
	small := []byte(`{"id":"a","k":"b"}`)
	if x, err = e.Item(t.Context(), small, 0); err != nil || x.Partial {
		t.Fatal(err, x)
	}
	need := e.runs
	for _, c := range []struct {
		most int
		cut  bool
	}{{need, false}, {need - 1, true}} {
		e = explainer(t, "# a\ndef usage: {id, metric_name: .k};", nil)
		e.most = c.most
		if x, err = e.Item(t.Context(), small, 0); err != nil || x.Partial != c.cut {
			t.Errorf("of %d runs %d are needed: %v, partial %v", c.most, need, err, x.Partial)
		}
	}
}

func TestExplanationLimits(t *testing.T) {
	outs := func(n int) *Explanation {
		places := make([]int, n)
		for i := range places {
			places[i] = i
		}
		x, err := explainer(t, "# a\ndef usage: .[] | {id: \"i\\(.)\"};", nil).Item(t.Context(), []byte("[1"+strings.Repeat(",1", n-1)+"]"), places...)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	if a, b := len(outs(maxExplainOutputs).Records), len(outs(maxExplainOutputs+1).Records); a != maxExplainOutputs || b != maxExplainOutputs {
		t.Errorf("%d and %d records", a, b)
	}
	for n, want := range map[int]string{maxSources: "l[0]", maxSources + 1: "l[]"} {
		x, err := explainer(t, "# a\ndef usage: {id: (.l | join(\"-\"))};", nil).Item(t.Context(), []byte(`{"l":["a"`+strings.Repeat(`,"a"`, n-1)+`]}`), 0)
		if err != nil || x.Records[0].Fields[0].From[0] != want {
			t.Errorf("%d sources: %v, %v", n, x, err)
		}
	}
	for _, n := range []int{maxUnread, maxUnread + 1} {
		fields := map[string]int{}
		for i := range n {
			fields[fmt.Sprint("f", i)] = i
		}
		item, _ := json.Marshal(fields)
		e := explainer(t, "# a\ndef usage: empty;", nil)
		if err := e.Pass(t.Context(), item); err != nil {
			t.Fatal(err)
		}
		if paths, all, _ := e.Unread(); len(paths) != maxUnread || all != n {
			t.Errorf("%d named of %d", len(paths), all)
		}
	}
	for n, cut := range map[int]bool{maxLeaves: false, maxLeaves + 1: true} {
		e := explainer(t, "# a\ndef usage: {id: .[0]};", nil)
		if f := e.grow(make([]any, n), e.vars); f.cut != cut || len(f.leaves) != maxLeaves {
			t.Errorf("%d values: %d leaves, cut %v", n, len(f.leaves), f.cut)
		}
	}
}

// TestShippedMappingsCanBeTakenApart: the explained program of each gives what the mapping gives.
func TestShippedMappingsCanBeTakenApart(t *testing.T) {
	p := acme(t)
	e, err := p.Explainer("usage", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	x, err := e.Item(t.Context(), []byte(costLine), 0)
	if err != nil || len(x.Records) != 1 {
		t.Fatal(x, err)
	}
	if got, want := string(x.Records[0].Output), emit(t, p, "usage", costLine, nil); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if none, err := p.Explainer("users", time.Minute); none != nil || err != nil {
		t.Error(none, err)
	}
	libs, _ := Libraries(os.DirFS("../../mappings/usage-metering"))
	files, _ := os.ReadDir("../../mappings/usage-metering")
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".jq") {
			continue
		}
		text, _ := os.ReadFile("../../mappings/usage-metering/" + f.Name())
		p, _ := Compile(jq.Source{File: f.Name(), Text: string(text)}, model(t), libs...)
		for _, resource := range p.Resources() {
			if e, err := p.Explainer(resource, time.Minute); err != nil || len(e.layers[0].anatomy.Keys) == 0 {
				t.Errorf("%s of %s: %v", resource, f.Name(), err)
			}
		}
	}
}

func TestWaysKeepTheForm(t *testing.T) {
	e := &Explainer{words: []string{"organization="}}
	for _, c := range []struct{ from, want string }{
		{`"2026-11-01"`, `"2027-11-01"`}, {`"2024-02-29T01:00:00Z"`, `"2028-02-29T01:00:00Z"`}, {`"11/02/2026"`, `"11/02/2027"`}, {`"9999-01"`, `"1111-12"`},
		{`"KAFKA_1"`, `"LBGLB_2"`}, {`"USD"`, `"VTE"`}, {`""`, `"x"`}, {`"organization=5d/z9"`, `"organization=6e/a1"`}, {`"12.50"`, `"23.61"`},
		{`1`, `2`}, {`0`, `1`}, {`-9.05e10`, `-6.81e10`}, {`true`, `false`}, {`null`, `"1"`}, {`{"a":[1,null]}`, `{"a":[2,null]}`},
	} {
		v, err := jq.Decode([]byte(c.from))
		if err != nil {
			t.Fatal(err)
		}
		got, err := (&jq.Encoder{}).AppendValue(nil, e.other(0, v))
		if err != nil || string(got) != c.want {
			t.Errorf("%s becomes %s, want %s", c.from, got, c.want)
		}
	}
}
