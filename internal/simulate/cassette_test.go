package simulate

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

const okMeta = `-- cassette.yaml --
month: 2026-09
now: 2026-10-05T12:00:00Z
credentials: { key: demo }
auth: { X-Key: "{key}" }
requests: { usage: { resource: usage } }
`

func TestDefectsAreNamedWithTheirLine(t *testing.T) {
	cases := []struct {
		name, text string
		want       []string
	}{
		{"no account", "-- exchange/a --\nGET /x\n\n200\n", []string{"acme.txtar:1: there is no file cassette.yaml"}},
		{"a marker without a name", okMeta + "-- --\n", []string{"acme.txtar:7: a file marker without a name"}},
		{"a file of no kind", okMeta + "-- exchnage/a --\n", []string{"acme.txtar:7: exchnage/a is neither"}},
		{"a file twice", okMeta + "-- answer/a --\n200\n-- answer/a --\n200\n", []string{"acme.txtar:9: a second file answer/a"}},
		{"a golden of no request", okMeta + "-- golden/usage.csv --\n", []string{"acme.txtar:7: golden/usage.csv belongs to no request"}},
		{"an unknown key", "comment\n-- cassette.yaml --\nmonth: 2026-09\nmoth: 3\n", []string{"acme.txtar:4: unknown key moth (did you mean month?)"}},
		{"broken YAML", "-- cassette.yaml --\nmonth: [\n", []string{"acme.txtar:2: did not find"}},
		{"bad values", "-- cassette.yaml --\nmonth: 9\nnow: today\nauth: some\n", []string{
			"acme.txtar:2: month: \"9\" is not a month", "acme.txtar:2: now: \"today\" is not an instant", "acme.txtar:4: auth: \"some\" is neither"}},
		{"no auth", "-- cassette.yaml --\nmonth: 2026-09\nnow: 2026-10-05T12:00:00Z\n", []string{"acme.txtar:2: auth is missing"}},
		{"an unknown credential", strings.Replace(okMeta, "{key}", "{kye}", 1), []string{`acme.txtar:5: auth: there is no credential "kye"`}},
		{"a token that nothing issues", strings.Replace(okMeta, "{key}", "{token}", 1), []string{"acme.txtar:2: auth wants a {token}"}},
		{"requests", okMeta[:strings.Index(okMeta, "requests")] + "requests:\n  a: { recource: x }\n  b: { resource: x, format: xml }\n  c: { resource: x, via: fax }\n  d: { resource: x, status: 99 }\n  e: { resource: x, status: gone }\n", []string{
			"acme.txtar:7: request a: unknown key recource (did you mean resource?)", "acme.txtar:7: request a: resource is missing", `acme.txtar:8: request b: format "xml"`, `acme.txtar:9: request c: via "fax"`,
			"acme.txtar:10: request d: status 99 is none", "acme.txtar:11: request e: `gone` is not a number"}},
		{"no request line", okMeta + "-- exchange/a --\n/x\n\n200\n", []string{`acme.txtar:8: "/x" is not a request line`}},
		{"no status", okMeta + "-- exchange/a --\nGET /x\n\nOK\n", []string{`acme.txtar:10: "OK" is not a status line`}},
		{"status too low", okMeta + "-- answer/a --\n199\n", []string{`acme.txtar:8: "199" is not a status line`}},
		{"status too high", okMeta + "-- answer/a --\n600\n", []string{`acme.txtar:8: "600" is not a status line`}},
		{"no header", okMeta + "-- answer/a --\n200\nA B: c\n", []string{`acme.txtar:9: "A B: c" is not a header`}},
		{"an unknown directive", okMeta + "-- exchange/a --\nGET /x\nitem: data\n\n200\n", []string{"acme.txtar:9: unknown directive item (did you mean items?)"}},
		{"a directive with a letter less", okMeta + "-- exchange/a --\nGET /x\nfil: day\n\n200\n", []string{"acme.txtar:9: unknown directive fil (did you mean fill?)"}},
		{"a directive of no name", okMeta + "-- exchange/a --\nGET /x\npagination: a\n\n200\n", []string{"acme.txtar:9: unknown directive pagination; there are items, date, "}},
		{"values of other types", okMeta + "-- exchange/a --\nGET /x\ntimes: often\nstrict: [1]\n\n200\n", []string{"acme.txtar:9: `often` is not a number", "acme.txtar:10: is not true or false"}},
		{"a range without its ends", okMeta + "-- exchange/a --\nGET /x?s={start:date}\nmax_days: 31\n\n200\n", []string{"acme.txtar:9: max_days and within look at {start:KIND} and {end:KIND}"}},
		{"bounds of nothing", okMeta + "-- exchange/a --\nGET /x?s={start:date}&e={end:date}\nmax_days: -1\n\n200\n-- exchange/b --\nGET /y?s={start:date}&e={end:date}\nwithin: week\n\n200\n", []string{"acme.txtar:9: max_days: -1 is not", `acme.txtar:14: within: "week" is neither month nor day`}},
		{"a start without a kind", okMeta + "-- exchange/a --\nGET /x?s={start}\n\n200\n", []string{"acme.txtar:8: {start:KIND} needs a kind"}},
		{"an inclusive start", okMeta + "-- exchange/a --\nGET /x?s={start:last_date}\n\n200\n", []string{"acme.txtar:8: {start:last_date}: only an end"}},
		{"a kind of another name", okMeta + "-- exchange/a --\nGET /x?s={job:date}\n\n200\n", []string{"acme.txtar:8: {job:date}: only start and end"}},
		{"a placeholder as a capture", okMeta + "-- exchange/a --\nGET /x?s={base}\n\n200\n", []string{"acme.txtar:8: {base} is a placeholder"}},
		{"captured twice", okMeta + "-- exchange/a --\nGET /{n}?s={n}\n\n200\n", []string{"acme.txtar:8: {n} is captured twice"}},
		{"a capture of the body", okMeta + "-- exchange/a --\nGET /x\nstrict: true\nbody:\n  a: \"{end}\"\n\n200\n", []string{"acme.txtar:11: body: {end:KIND} needs a kind"}},
		{"form that is no mapping", okMeta + "-- exchange/a --\nGET /x\nform: [a]\n\n200\n", []string{"acme.txtar:9: a mapping of names"}},
		{"times without a job", okMeta + "-- exchange/a --\nGET /x\ntimes: 1\n\n200\n", []string{"acme.txtar:9: times and job look at a {job}"}},
		{"a job of nobody", okMeta + "-- exchange/a --\nGET /{job}\njob: b\n\n200\n", []string{`exchange/a: job: no exchange "b" starts one`}},
		{"date without items", okMeta + "-- exchange/a --\nGET /x\ndate: d\n\n200\n", []string{"acme.txtar:9: date, id, counts, fill and ages belong to items"}},
		{"items without date", okMeta + "-- exchange/a --\nGET /x\nitems: d\n\n200\n", []string{"acme.txtar:9: items need date"}},
		{"fill and ages", okMeta + "-- exchange/a --\nGET /x\nitems: d\ndate: d\nfill: week\nages: 3..2\n\n200\n", []string{`acme.txtar:9: fill: "week" is not day`, `acme.txtar:9: ages: "3..2" is not a range`}},
		{"no array", okMeta + "-- exchange/a --\nGET /x\nitems: d\ndate: d\n\n200\n\n{\"e\": []}\n", []string{"acme.txtar:14: items d: the body has no array at d"}},
		{"two arrays", okMeta + "-- exchange/a --\nGET /x\nitems: d\ndate: d\n\n200\n\n{\"d\": [],\n\"d\": []}\n", []string{"acme.txtar:15: items d: a second array at d"}},
		{"no JSON", okMeta + "-- exchange/a --\nGET /x\nitems: d\ndate: d\n\n200\n\n{\"d\": [\n{x}]}\n", []string{"acme.txtar:15: items d: invalid character"}},
		{"an item without a date", okMeta + "-- exchange/a --\nGET /x\nitems: d\ndate: t\n\n200\n\n{\"d\": [\n{\"t\":\"2026-09-01\"},\n{\"t\":1}]}\n", []string{"acme.txtar:16: items d: the item has no date at t"}},
		{"an item that is no object", okMeta + "-- exchange/a --\nGET /x\nitems: d\ndate: t\n\n200\n\n{\"d\": [1]}\n", []string{"an item is neither an object nor an array"}},
		{"an id that is a number", okMeta + "-- exchange/a --\nGET /x\nitems: d\ndate: t\nid: i\n\n200\n\n{\"d\": [{\"i\":1}]}\n", []string{"acme.txtar:15: items d: i is not a string"}},
		{"an item of another month", okMeta + "-- exchange/a --\nGET /x\nitems: .\ndate: t\n\n200\n\n[{\"t\":\"2026-08-01\"}]\n", []string{"acme.txtar:8: item 0 of exchange/a is dated 2026-08-01, outside"}},
		{"fill of months", okMeta + "-- exchange/a --\nGET /x\nitems: .\ndate: t\nfill: day\n\n200\n\n[{\"t\":\"2026-09\"}]\n", []string{"acme.txtar:8: fill: day, but item 0 is dated 2026-09, a month"}},
		{"no such column", okMeta + "-- exchange/a --\nGET /x\nitems: csv\ndate: Date\n\n200\n\nDay,Cost\n", []string{`acme.txtar:14: items csv: the CSV has no column "Date"`}},
		{"broken CSV", okMeta + "-- exchange/a --\nGET /x\nitems: csv\ndate: Day\n\n200\n\nDay,Cost\n2026-09-01\n", []string{"acme.txtar:15: items csv: wrong number of fields"}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Parse("acme.txtar", []byte(tc.text))
			if err == nil {
				t.Fatal("no defect was found")
			}
			for _, w := range tc.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q is missing in:\n%v", w, err)
				}
			}
			if n := strings.Count(err.Error(), "\n") + 1; n != len(tc.want) {
				t.Errorf("%d defects, want %d:\n%v", n, len(tc.want), err)
			}
		})
	}
}

func TestMeta(t *testing.T) {
	c, err := Load(os.DirFS("testdata"), "acme")
	if err != nil {
		t.Fatal(err)
	}
	if c.Name != "acme" || c.Month.Format("2006-01") != "2026-09" || c.Now.Hour() != 12 || !strings.HasPrefix(c.Prose, "An invented provider") {
		t.Errorf("the cassette is %s of %s at %s: %s", c.Name, c.Month, c.Now, c.Prose)
	}
	want := []Request{
		{Name: "usage", Resource: "usage", Query: "start_date=2026-09-01&end_date=2026-09-30", Format: "unified", Via: "unified", Status: 200},
		{Name: "csv", Resource: "usage", Query: "start_date=2026-09", Format: "csv", Via: "unified", Status: 200},
	}
	if len(c.Requests) != 2 || c.Requests[0] != want[0] || c.Requests[1] != want[1] {
		t.Errorf("requests are %+v", c.Requests)
	}
	if g, ok := c.Golden(c.Requests[0]); !ok || string(g) != "{\"result\": []}\n" {
		t.Errorf("the golden is %q", g)
	}
	if _, ok := c.Golden(c.Requests[1]); ok {
		t.Error("a golden that is not there")
	}
}

func TestUpdateTouchesGoldensAlone(t *testing.T) {
	c, err := Load(os.DirFS("testdata"), "acme")
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile("testdata/acme.txtar")
	if err != nil {
		t.Fatal(err)
	}
	got := string(c.Update(map[string][]byte{"usage.json": []byte("{\"result\": [1]}\n"), "csv.csv": []byte("a,b\n")}))
	want := strings.Replace(string(before), "{\"result\": []}", "{\"result\": [1]}", 1) + "-- golden/csv.csv --\na,b\n"
	if got != want {
		t.Errorf("the cassette became\n%s", got)
	}
	if got := string(c.Update(nil)); got != string(before) {
		t.Errorf("without goldens it became\n%s", got)
	}
}

func TestLoadAllReplacesByName(t *testing.T) {
	tape := func(key string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte(strings.Replace(okMeta, "demo", key, 1))}
	}
	all, err := LoadAll(fstest.MapFS{"b.txtar": tape("one"), "a.txtar": tape("two"), "c.yaml": {}}, fstest.MapFS{"b.txtar": tape("three")})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || all[0].Name != "a" || all[1].Credentials["key"] != "three" {
		t.Errorf("loaded %+v", all)
	}
	if _, err := LoadAll(fstest.MapFS{"b.txtar": {}}, fstest.MapFS{"a.txtar": {}}); err == nil || strings.Count(err.Error(), "cassette.yaml") != 2 {
		t.Errorf("two broken cassettes: %v", err)
	}
	if _, err := New(Config{Cassettes: append(all, all[0])}); err == nil {
		t.Error("two cassettes of one name are taken")
	}
}

func TestCredentialsInQueryAndForm(t *testing.T) {
	c, err := Parse("acme.txtar", []byte(strings.Replace(okMeta, `{ X-Key: "{key}" }`, `{ query.k: "{key}", form.id: "id {key}" }`, 1)+
		"-- exchange/a --\nPOST /x\n\n204\n"))
	if err != nil {
		t.Fatal(err)
	}
	cl := newClient(t, false, noShift)
	cl.sim.tapes["acme"].Cassette = c
	form := "Content-Type: application/x-www-form-urlencoded"
	cl.want(204, "POST", "/acme/x?k=demo", "id=id+demo", form)
	cl.want(401, "POST", "/acme/x?k=demo", "id=demo", form)
	cl.want(401, "POST", "/acme/x", "id=id+demo", form)
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"acme", "globex"} {
		data, err := os.ReadFile("testdata/" + name + ".txtar")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(okMeta + "-- --\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("x.txtar", data)
		if err != nil {
			return
		}
		again, err := Parse("x.txtar", c.Update(nil))
		if err != nil {
			t.Fatalf("its own text does not parse: %v", err)
		}
		if len(again.exchanges) != len(c.exchanges) {
			t.Fatalf("%d exchanges became %d", len(c.exchanges), len(again.exchanges))
		}
	})
}
