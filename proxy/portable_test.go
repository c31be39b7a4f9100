package proxy

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/itchyny/gojq"

	"github.com/meterbridge/meterbridge/connectors"
	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/cursor"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/principal"
	"github.com/meterbridge/meterbridge/internal/record"
	"github.com/meterbridge/meterbridge/internal/secret"
	"github.com/meterbridge/meterbridge/internal/simulate"
	"github.com/meterbridge/meterbridge/internal/upstream"
	"github.com/meterbridge/meterbridge/mappings"
)

// cassettes are those of all connectors.
func cassettes(tb testing.TB) []*simulate.Cassette {
	tb.Helper()
	recordings, err := fs.Sub(connectors.FS, "testdata")
	if err != nil {
		tb.Fatal(err)
	}
	all, err := simulate.LoadAll(recordings)
	if err != nil {
		tb.Fatal(err)
	}
	return all
}

// TestMappingsArePortable runs every mapping over every item of its cassette by this house and by jq as anybody has it,
// with the house's functions in plain jq. Numbers are compared as doubles, since that is what jq knows.
func TestMappingsArePortable(t *testing.T) {
	t.Parallel()
	catalog := installed(t)
	for _, c := range cassettes(t) {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			p := portableHouse(t, c, catalog)
			n := 0
			for _, r := range c.Requests {
				if r.Via == "unified" && r.Format == "unified" && r.ID == "" {
					n += comparePortable(t, p, c.Name, r)
				}
			}
			if n == 0 {
				t.Error("no record was compared")
			}
		})
	}
}

// installed is what is built in.
func installed(t testing.TB) *Catalog {
	t.Helper()
	model, err := mapping.LoadModel(mappings.FS, ModelName)
	if err != nil {
		t.Fatal(err)
	}
	set, _ := connector.Load(connectors.FS)
	texts, err := fs.Sub(mappings.FS, ModelName)
	if err != nil {
		t.Fatal(err)
	}
	programs, _ := mapping.Load(model, texts)
	for _, name := range set.Names() { // a simulated provider needs no patience
		c := set.Get(name)
		c.Limits.Rate = 0
		for _, r := range c.Resources {
			if r.List == nil {
				continue
			}
			for _, call := range r.List.Calls {
				if call.Job != nil {
					call.Job.Interval = time.Millisecond
				}
			}
		}
	}
	return &Catalog{Connectors: set, Mappings: programs, Model: model}
}

// portableHouse is a proxy before a cassette.
func portableHouse(t testing.TB, c *simulate.Cassette, catalog *Catalog) *Proxy {
	t.Helper()
	sim, err := simulate.New(simulate.Config{Cassettes: []*simulate.Cassette{c}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	simulated := c.Account(server.URL)
	a := &account.Account{ID: c.Name, Connector: c.Name, Context: simulated.Context, BaseURLSet: true, Credentials: map[string]secret.Value{}}
	for k, v := range simulated.Credentials {
		a.Credentials[k] = secret.New(v)
	}
	accounts, err := account.NewStatic(a)
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return c.Now }
	codec := cursor.Config{Keys: secret.RandomKeyring(), Now: clock}
	return New(Config{
		Catalog: func() *Catalog { return catalog }, Accounts: accounts, States: account.NewStates(clock), Clock: clock, Cursors: cursor.New(codec), Pages: cursor.NewPages(codec),
		Upstream: upstream.New(upstream.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Clock: clock}),
	})
}

// eachItem walks one request of a cassette, and visits each item that gave records.
func eachItem(t testing.TB, p *Proxy, id string, ask simulate.Request, visit func(w *walk)) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/?integrated_account_id="+id+"&"+ask.Query, nil)
	q, err := p.resolve(r, &principal.Principal{Grants: principal.Grants{Accounts: []string{"*"}}}, ModelName, ask.Resource, ask.ID)
	if err != nil {
		return // the request is one for an error
	}
	w := q.newWalk(t.Context())
	defer w.Close()
	for {
		switch err := w.advance(); {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			return // what an error's golden holds
		case w.page == nil || w.batch.Len() == 0:
			continue
		}
		visit(w)
		w.batch.Reset()
	}
}

// comparePortable compares the items of one request, and says how many records it compared.
func comparePortable(t *testing.T, p *Proxy, id string, ask simulate.Request) (n int) {
	t.Helper()
	var plain *plain
	eachItem(t, p, id, ask, func(w *walk) {
		if plain == nil {
			plain = newPlain(t, w.program, w.mapped, p.Catalog().Model)
		}
		outs := plain.run(w.itemRoots(), w.item.Raw)
		mapped := w.batch.Len()
		for mapped > 0 && strings.Contains(string(w.batch.JSON(mapped-1)), `{"id":"unallocated:`) {
			mapped-- // the rest of a control total, which is no mapping's
		}
		if len(outs) != mapped {
			t.Errorf("%s, item %d: %d records here, %d by jq", ask.Name, w.item.N, mapped, len(outs))
			return
		}
		for i, out := range outs {
			plain.same(fmt.Sprintf("%s, item %d, record %d", ask.Name, w.item.N, i), w.batch.JSON(i), w.batch.Remote(i), out)
			n++
		}
	})
	return n
}

// plain is a mapping for jq as anybody has it.
type plain struct {
	t       *testing.T
	program *mapping.Program
	code    *gojq.Code
	form    *mapping.Runner // gives an object the model's form
}

func newPlain(t *testing.T, p *mapping.Program, resource string, m *mapping.Model) *plain {
	t.Helper()
	query, err := gojq.Parse(p.Portable(resource))
	if err != nil {
		t.Fatal(err)
	}
	code, err := gojq.Compile(query, gojq.WithVariables(mapping.Roots()))
	if err != nil {
		t.Fatal(err)
	}
	as, found := mapping.Compile(jq.Source{File: "as-is.jq", Text: "# As it is.\ndef " + resource + ": .;"}, m)
	if as == nil {
		t.Fatal(found)
	}
	return &plain{t, p, code, as.Runner(resource)}
}

// run is what the program makes of an item.
func (p *plain) run(v *mapping.Vars, item []byte) (outs []any) {
	p.t.Helper()
	var vars []any
	for i, text := range [][]byte{v.Query, v.Account, v.Call, v.Page, v.Lookups, v.Parent, v.Carry} {
		var value any
		if len(text) > 0 && p.program.Mentions(mapping.Roots()[i]) { // $page is whole only where it is read
			value = doubles(p.t, text)
		}
		vars = append(vars, value)
	}
	for iter := p.code.Run(doubles(p.t, item), vars...); ; {
		out, ok := iter.Next()
		if !ok {
			return outs
		}
		if err, bad := out.(error); bad {
			p.t.Errorf("jq fails on %s: %v", item, err)
			return outs
		}
		outs = append(outs, out)
	}
}

// same compares a record and its remote data with what jq made.
func (p *plain) same(where string, json, remote []byte, out any) {
	p.t.Helper()
	text, err := gojq.Marshal(out)
	if err != nil {
		p.t.Fatal(err)
	}
	var batch record.Batch
	if _, st := p.form.Scan(text, 0, true); st != record.Done {
		p.t.Fatalf("%s: %s", where, text)
	}
	if err := p.form.Emit(&batch); err != nil {
		p.t.Errorf("%s: jq's record is not the model's: %v", where, err)
		return
	}
	for name, pair := range map[string][2][]byte{"record": {json, batch.JSON(0)}, "remote_data": {remote, batch.Remote(0)}} {
		if len(pair[0]) == 0 && len(pair[1]) == 0 {
			continue
		}
		if !alike(doubles(p.t, pair[0]), doubles(p.t, pair[1])) {
			p.t.Errorf("%s: the %s\n here  %s\n by jq %s", where, name, pair[0], pair[1])
		}
	}
}

func doubles(t *testing.T, text []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// alike compares values whose numbers are doubles that may differ in their last places.
func alike(a, b any) bool {
	switch a := a.(type) {
	case float64:
		b, ok := b.(float64)
		return ok && math.Abs(a-b) <= 1e-12*math.Max(math.Abs(a), math.Abs(b))
	case string:
		b, ok := b.(string)
		return ok && (a == b || alikeIDs(strings.Split(a, ":"), strings.Split(b, ":")))
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !alike(a[i], b[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k := range a {
			if _, has := b[k]; !has || !alike(a[k], b[k]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(a, b)
}

// TestMappingsAreReadByJQ asks the jq of this machine, where there is one, to compile each mapping. It ends with 3 where it
// can't; that a mapping then fails on null is its right.
func TestMappingsAreReadByJQ(t *testing.T) {
	t.Parallel()
	binary, err := exec.LookPath("jq")
	if err != nil {
		t.Skip("no jq here")
	}
	for name, p := range installed(t).Mappings {
		for _, resource := range p.Resources() {
			file := filepath.Join(t.TempDir(), "program.jq")
			if err := os.WriteFile(file, []byte(p.Portable(resource)), 0o600); err != nil {
				t.Fatal(err)
			}
			args := []string{"-n", "-f", file}
			for _, root := range mapping.Roots() {
				args = append(args, "--argjson", strings.TrimPrefix(root, "$"), "null")
			}
			out, err := exec.Command(binary, args...).CombinedOutput()
			if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == 3 {
				t.Errorf("jq does not read %s of %s: %s", resource, name, out)
			}
		}
	}
}

// alikeIDs compares ids part by part: of a number that is a part jq keeps the value, and this house its digits too.
func alikeIDs(a, b []string) bool {
	for i := range min(len(a), len(b)) {
		x, err1 := strconv.ParseFloat(a[i], 64)
		y, err2 := strconv.ParseFloat(b[i], 64)
		if a[i] != b[i] && (err1 != nil || err2 != nil || x != y) {
			return false
		}
	}
	return len(a) == len(b)
}
