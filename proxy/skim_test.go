package proxy

import (
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/record"
)

// TestWhatIsSkimmed: the members that lead on are found where they stand, or the items have to be read.
func TestWhatIsSkimmed(t *testing.T) {
	many := strings.Repeat(`{"meta":{"next":"no"},"text":"\"meta\":{\"next\":1}}]}"},`, 20) + `1`
	for _, c := range []struct{ name, path, body, want string }{
		{"before the list", "data", `{"meta":{"next":"a"},"data":[` + many + `],"x":1}`, `{"meta":{"next":"a"},"data":[]}`},
		{"behind it", "data", `{"x":1,"data":[` + many + "] , \"y\":2,\n\"meta\":{\"next\":\"a\"},\"z\":[]}\n", `{"x":1,"data":[],"meta":{"next":"a"},"z":[]}` + "\n"},
		{"behind a list within", "a.data", `{"a":{"data":[` + many + `],"b":1},"meta":null}`, `{"a":{"data":[]},"meta":null}`},
		{"within what is around the list", "a.data", `{"a":{"data":[` + many + `],"meta":1}}`, ""},
		{"in the items alone", "data", `{"data":[` + many + `]}`, ""},
		{"in the last item alone", "data", `{"data":[{"meta":1}]}`, ""},
		{"in a text", "data", `{"data":["\"meta\":1}"]}`, ""},
		{"nowhere", "data", `{"data":[1]}`, ""},
		{"of no item", "data", `{"data":[],"meta":1}`, ""},
		{"no list", "data", `{"data":null,"meta":1}`, ""},
		{"a list alone", "", `[1]`, ""},
		{"cut off", "data", `{"data":[1],"meta":{"next":"a"}`, ""},
		{"with something behind", "data", `{"data":[1],"meta":1}{}`, ""},
		{"no JSON", "data", `<html>`, ""},
		{"as far from the end as is looked", "data", `{"data":[1],"meta":1,"x":"` + strings.Repeat("x", maxSkimmed-len(`"meta":1,"x":""}`)) + `"}`, "found"},
		{"a byte farther", "data", `{"data":[1],"meta":1,"x":"` + strings.Repeat("x", maxSkimmed-len(`"meta":1,"x":""}`)+1) + `"}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := skimmed([]byte(c.body), c.path, []string{"meta"})
			if ok != (c.want != "") || c.want != "found" && ok && string(got) != c.want {
				t.Errorf("%v, %s", ok, got)
			}
		})
	}
}

// FuzzSkim holds what is found without reading the items to what a reader of them finds.
func FuzzSkim(f *testing.F) {
	for _, s := range []string{`{"data":[{"meta":1}],"meta":{"next":"a"}}`, `{"meta":1,"data":[1]}`, `{"a":{"data":[]},"meta":"\"meta\":1}"}`, `{"data":["\\",{}],"meta" :1}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got, ok := skimmed([]byte(body), "data", []string{"meta"})
		if !ok {
			return
		}
		list, whole, err := readItems(newJSONItems(strings.NewReader(body), "data", true, record.Scan))
		if err != nil {
			return // raw promises nothing of it
		}
		twice := -1
		for key := range record.Members([]byte(whole)) {
			if isText(append(append([]byte{'"'}, key...), '"'), "meta") {
				twice++
			}
		}
		if twice > 0 {
			return // which of two counts nobody says
		}
		if a, b := member(got, "meta"), member([]byte(whole), "meta"); !record.IsDocument(got) || string(a) != string(b) || len(list) == 0 {
			t.Fatalf("%q: found %s in %s, want %s; %d items", body, a, got, b, len(list))
		}
	})
}
