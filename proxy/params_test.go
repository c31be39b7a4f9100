package proxy

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/problem"
)

func parsed(t *testing.T, query string, header ...string) *params {
	t.Helper()
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Add(header[i], header[i+1])
	}
	p, err := parseParams(query, h)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return p
}

// refused is the problem of a query, which must be a 400 that names a parameter.
func refused(t *testing.T, query, parameter string) *problem.Problem {
	t.Helper()
	_, err := parseParams(query, http.Header{})
	var p *problem.Problem
	if !errors.As(err, &p) {
		t.Fatalf("%s is taken: %v", query, err)
	}
	if p.Status != http.StatusBadRequest || p.Details["parameter"] != parameter || p.Message == "" {
		t.Fatalf("%s: %d, details %v, %q; want a 400 that names %q", query, p.Status, p.Details, p.Message, parameter)
	}
	return p
}

func TestEachParameterIsRead(t *testing.T) {
	fresh := func() *params { return parsed(t, "") }
	for _, c := range []struct {
		query string
		want  func(p *params)
	}{
		{"integrated_account_id=a-1", func(p *params) { p.account = "a-1" }},
		{"truto_response_format=raw", func(p *params) { p.format = Raw }},
		{"response_format=stream", func(p *params) { p.format = Stream }},
		{"truto_response_format=normalized", func(p *params) { p.format = Normalized }},
		{"truto_response_format=debug", func(p *params) { p.format = Debug }},
		{"truto_response_format=unified", func(p *params) { p.format = Unified }},
		{"granularity=week", func(p *params) { p.granularity = "week" }},
		{"limit=1", func(p *params) { p.limit, p.limitGiven = 1, true }},
		{"limit=1000", func(p *params) { p.limit, p.limitGiven = MaxLimit, true }},
		{"next_cursor=c1.a-b_c", func(p *params) { p.cursor = "c1.a-b_c" }},
		{"cursor=c1.a", func(p *params) { p.cursor = "c1.a" }},
		{"truto_ignore_limit=true", func(p *params) { p.ignoreLimit = true }},
		{"ignore_limit=1", func(p *params) { p.ignoreLimit = true }},
		{"truto_ignore_limit=0", func(p *params) {}},
		{"truto_ignore_remote_data=1", func(p *params) { p.ignoreRemote = true }},
		{"ignore_remote_data=true", func(p *params) { p.ignoreRemote = true }},
		{"truto_key_by=product.id", func(p *params) { p.keyBy = []string{"product", "id"} }},
		{"key_by=id", func(p *params) { p.keyBy = []string{"id"} }},
		{"truto_exclude_fields=a,%20b.c,", func(p *params) { p.exclude = [][]string{{"a"}, {"b", "c"}} }},
		{"truto_exclude_fields[]=a&truto_exclude_fields[]=b", func(p *params) { p.exclude = [][]string{{"a"}, {"b"}} }},
		{"exclude_fields%5B0%5D=a&exclude_fields%5b1%5d=b.c", func(p *params) { p.exclude = [][]string{{"a"}, {"b", "c"}} }},
		{"numbers=string", func(p *params) { p.numbersString = true }},
		{"strict=true", func(p *params) { p.strict = true }},
		{"strict=false", func(p *params) {}},
		{"stream_meta=true", func(p *params) { p.streamMeta = true }},
		{"product_id=a", func(p *params) { p.filters = filter{"product_id": {"a"}} }},
		{"product_id=a&product_id=b", func(p *params) { p.filters = filter{"product_id": {"a", "b"}} }},
		{"organization_id[]=a&organization_id[]=b+c", func(p *params) { p.filters = filter{"organization_id": {"a", "b c"}} }},
		{"workspace_id[1]=b%20c&workspace_id[0]=a", func(p *params) { p.filters = filter{"workspace_id": {"b c", "a"}} }},
		{"resource_id=a,b", func(p *params) { p.filters = filter{"resource_id": {"a,b"}} }},
		{"user_id=u&metric_name=m", func(p *params) { p.filters = filter{"user_id": {"u"}, "metric_name": {"m"}} }},
	} {
		t.Run(c.query, func(t *testing.T) {
			got, want := parsed(t, c.query), fresh()
			c.want(want)
			got.given = want.given
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("got %+v, want %+v", got, want)
			}
		})
	}
}

// TestEmptyIsAbsent: an empty value of a known parameter means that it is absent, in every form that clients write.
func TestEmptyIsAbsent(t *testing.T) {
	for _, name := range ParameterNames() {
		for _, form := range []string{"=", "", "[]=", "[0]="} {
			if name == "remote_query" && form == "[0]=" {
				continue // a parameter of the provider's that is named 0
			}
			t.Run(name+form, func(t *testing.T) {
				if got, want := parsed(t, name+form), parsed(t, ""); !reflect.DeepEqual(got, want) {
					t.Fatalf("got %+v, want %+v", got, want)
				}
			})
		}
	}
	if p := parsed(t, "limit=&limit=5"); p.limit != 5 {
		t.Errorf("an absent limit beside one that is given: %d", p.limit)
	}
}

func TestASingleParameterGivenTwiceIsRefused(t *testing.T) {
	value := map[string]string{
		"truto_response_format": "raw", "start_date": "2026-01-01", "end_date": "2026-01-02", "date": "2026-01-01", "granularity": "day",
		"limit": "5", "truto_ignore_limit": "1", "truto_ignore_remote_data": "1", "truto_key_by": "id", "numbers": "string", "strict": "0", "stream_meta": "1", "explain": "false",
	}
	for name := range single {
		v := value[name]
		if v == "" {
			v = "x"
		}
		t.Run(name, func(t *testing.T) {
			if p := refused(t, name+"="+v+"&"+name+"="+v, name); !strings.Contains(p.Message, "twice") {
				t.Errorf("the message does not say why: %s", p.Message)
			}
		})
	}
	for short, long := range alias {
		if _, ok := single[long]; ok {
			t.Run(short+" beside "+long, func(t *testing.T) { refused(t, long+"="+cmpOr(value[long])+"&"+short+"="+cmpOr(value[long]), short) })
		}
	}
}

func cmpOr(v string) string {
	if v == "" {
		return "x"
	}
	return v
}

func TestMalformedParametersAreNamed(t *testing.T) {
	for _, c := range []struct{ query, parameter string }{
		{"limit=0", "limit"}, {"limit=-1", "limit"}, {"limit=1001", "limit"}, {"limit=1e9", "limit"}, {"limit=1e2", "limit"}, {"limit=0x10", "limit"},
		{"limit=+10", "limit"}, {"limit=%2B10", "limit"}, {"limit=%2010", "limit"}, {"limit=10%20", "limit"}, {"limit=10.0", "limit"}, {"limit=NaN", "limit"},
		{"limit=99999999999999999999", "limit"}, {"limit=1_0", "limit"}, {"limit=%D9%A1", "limit"}, {"limit[]=5", "limit[]"}, {"limit[a]=5", "limit[a]"},
		{"truto_response_format=csv", "truto_response_format"}, {"truto_response_format=RAW", "truto_response_format"}, {"response_format=xml", "response_format"},
		{"granularity=year", "granularity"}, {"granularity=Day", "granularity"},
		{"start_date=yesterday", "start_date"}, {"end_date=2026-02-30", "end_date"}, {"start_date=2026-13", "start_date"}, {"start_date=1969-12-31", "start_date"}, {"start_date=2201-01-01", "start_date"},
		{"start_date=1767225600", "start_date"}, {"start_date[gte]=2026-01-01", "start_date[gte]"},
		{"date=2026-01", "date"}, {"date=2026-01-01T00:00:00Z", "date"}, {"date=2026-01-01&start_date=2026-01-01", "date"}, {"end_date=2026-01-01&date=2026-01-01", "date"},
		{"strict=yes", "strict"}, {"truto_ignore_limit=TRUE", "truto_ignore_limit"}, {"ignore_remote_data=2", "ignore_remote_data"}, {"stream_meta=on", "stream_meta"},
		{"numbers=float", "numbers"},
		{"truto_key_by=a..b", "truto_key_by"}, {"truto_key_by=.", "truto_key_by"}, {"truto_key_by[]=id", "truto_key_by[]"}, {"truto_key_by=a.b.c.d.e.f.g.h.i", "truto_key_by"},
		{"truto_exclude_fields=a,.b", "truto_exclude_fields"}, {"truto_exclude_fields=a.__proto__", "truto_exclude_fields"}, {"truto_key_by=constructor", "truto_key_by"}, {"limit=1;strict=1", "limit"}, {"truto_exclude_fields[a]=x", "truto_exclude_fields[a]"}, {"truto_exclude_fields[][]=x", "truto_exclude_fields[][]"},
		{"product_id[a]=x", "product_id[a]"}, {"product_id[0][1]=x", "product_id[0][1]"},
		{"remote_query=x", "remote_query"}, {"remote_query[]=x", "remote_query[]"}, {"remote_query[0][a]=x&remote_query=", "remote_query"},
		{"truto_response_format=raw&product_id=x", "product_id"}, {"truto_response_format=raw&truto_key_by=id", "truto_key_by"}, {"truto_response_format=raw&exclude_fields=id", "truto_exclude_fields"},
		{"a=%zz", "a"}, {"remote_query[a=1", "remote_query[a"}, {"a=%00", "a"}, {"x=%0d%0aHost:evil", "x"}, {"remote_query[__proto__][x]=1", "remote_query[__proto__][x]"},
		{"remote_query[a]=1&remote_query[a][b]=2", "remote_query[a]"}, {"integrated_account_id=%ff", "integrated_account_id"},
		{"next_cursor=" + strings.Repeat("x", 4097), "next_cursor"}, {"start_date=" + strings.Repeat("x", 2049), "start_date"},
		{"remote_query" + strings.Repeat("[a]", 6) + "=1", "remote_query" + strings.Repeat("[a]", 6)}, {"product_id[50]=x", "product_id[50]"},
	} {
		t.Run(clip(c.query, 60), func(t *testing.T) { refused(t, c.query, c.parameter) })
	}
}

func TestLimitsOfParameters(t *testing.T) {
	many := func(n int, sep, item string) string { return strings.TrimSuffix(strings.Repeat(item+sep, n), sep) }
	for _, c := range []struct{ name, at, past, parameter string }{
		{"limit", fmt.Sprintf("limit=%d", MaxLimit), fmt.Sprintf("limit=%d", MaxLimit+1), "limit"},
		{"exclusions", "exclude_fields=" + many(MaxExcludeFields, ",", "a"), "exclude_fields=" + many(MaxExcludeFields+1, ",", "a"), "exclude_fields"},
		{"values of a filter", many(MaxFilterValues, "&", "product_id[]=a"), many(MaxFilterValues+1, "&", "product_id[]=a"), "product_id"},
		{"names of a path", "key_by=" + many(maxFieldDepth, ".", "a"), "key_by=" + many(maxFieldDepth+1, ".", "a"), "key_by"},
		{"first year", fmt.Sprintf("start_date=%d-01-01", minYear), fmt.Sprintf("start_date=%d-12-31", minYear-1), "start_date"},
		{"last year", fmt.Sprintf("start_date=%d-12-31", maxYear), fmt.Sprintf("start_date=%d-01-01", maxYear+1), "start_date"},
	} {
		t.Run(c.name, func(t *testing.T) {
			parsed(t, c.at)
			refused(t, c.past, c.parameter)
		})
	}
}

// TestRemoteQueryKeepsOrderAndNesting: what the provider gets is what the caller wrote, but for the envelope of brackets.
func TestRemoteQueryKeepsOrderAndNesting(t *testing.T) {
	p := parsed(t, "remote_query%5Bz%5D=1&limit=5&remote_query[filter][ids][]=b&own=x&remote_query[filter][ids][]=a&remote_query[a]=&remote_query[sp+ace]=a+b%20c")
	var got, all []string
	for _, pair := range p.remote {
		got = append(got, pair.Key+"="+pair.Value)
	}
	for _, pair := range p.forward {
		all = append(all, pair.Key)
	}
	if want := []string{"z=1", "filter[ids][]=b", "filter[ids][]=a", "a=", "sp ace=a b c"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if want := []string{"z", "filter[ids][]", "own", "filter[ids][]", "a", "sp ace"}; !slices.Equal(all, want) {
		t.Errorf("in the caller's order: %q, want %q", all, want)
	}
}

func TestWhatNothingUnderstandsIsSaid(t *testing.T) {
	for _, c := range []struct{ query, near string }{
		{"start_dat=2026-01", "start_date"}, {"granularty=day", "granularity"}, {"lmit=5", "limit"}, {"truto_response_fromat=raw", "truto_response_format"},
		{"excludefields=a", "exclude_fields"}, {"productid=x", "product_id"}, {"page=3", ""}, {"x[y]=1", ""}, {"q", ""},
	} {
		t.Run(c.query, func(t *testing.T) {
			p := parsed(t, c.query)
			if err := p.leftover(ParameterNames()); err != nil || len(p.warnings) != 1 {
				t.Fatalf("got %v and %v, want one warning", err, p.warnings)
			}
			w := p.warnings[0]
			key, _ := url.QueryUnescape(strings.SplitN(c.query, "=", 2)[0])
			if w.Code != problem.WarnUnknownParameter || !strings.Contains(w.Message, key) || strings.Contains(w.Message, "did you mean "+c.near+"?") != (c.near != "") {
				t.Errorf("the warning is %+v, want one that names %q", w, c.near)
			}
			p = parsed(t, "strict=1&"+c.query)
			var got *problem.Problem
			if err := p.leftover(ParameterNames()); !errors.As(err, &got) || got.Code != problem.UnknownParameter || got.Status != 400 || got.Details["parameter"] != key {
				t.Errorf("strict: %v", err)
			}
		})
	}
	p := parsed(t, strings.Repeat("&unknown=1", 3))
	if err := p.leftover(ParameterNames()); err != nil || len(p.warnings) != 3 {
		t.Errorf("got %v, %v", err, p.warnings)
	}
}

func TestIdleParametersAreSaid(t *testing.T) {
	p := parsed(t, "date=2026-01-01&product_id[]=a&product_id[]=b&limit=5")
	if err := p.idle([]string{"date", "product_id", "end_date"}, "why"); err != nil || len(p.warnings) != 2 {
		t.Fatalf("got %v, %v, want a warning each for date and product_id", err, p.warnings)
	}
	if err := parsed(t, "strict=1&date=2026-01-01").idle([]string{"date"}, "why"); problem.From(err).Code != problem.UnknownParameter {
		t.Errorf("strict: %v", err)
	}
}

func TestFormatIsChosen(t *testing.T) {
	for _, c := range []struct {
		name, query, accept string
		want                Format
	}{
		{"nothing", "", "", Unified},
		{"a browser", "", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Unified},
		{"an http library", "", "application/json, text/plain, */*", Unified},
		{"table", "", "text/csv", CSV},
		{"table with a parameter", "", "Text/CSV; header=present", CSV},
		{"lines", "", "application/x-ndjson", Stream},
		{"events", "", "text/event-stream", SSE},
		{"table before anything", "", "text/csv, */*", CSV},
		{"anything before table", "", "*/*, text/csv", CSV},
		{"JSON is liked better", "", "application/json, text/csv;q=0.5", Unified},
		{"table is liked better", "", "application/json;q=0.5, text/csv", CSV},
		{"table is refused", "", "text/csv;q=0", Unified},
		{"first of equals", "", "application/x-ndjson, text/csv", Stream},
		{"what is not to be had", "", "image/png, text/csv;q=0.1", CSV},
		{"unified yields", "truto_response_format=unified", "text/csv", CSV},
		{"normalized yields", "truto_response_format=normalized", "text/csv", CSV},
		{"normalized stays", "truto_response_format=normalized", "application/json", Normalized},
		{"raw stays", "truto_response_format=raw", "text/csv", Raw},
		{"debug stays", "response_format=debug", "text/event-stream", Debug},
		{"stream stays", "truto_response_format=stream", "text/csv", Stream},
		{"stream as events", "truto_response_format=stream", "text/event-stream", SSE},
		{"an empty format is none", "truto_response_format=", "text/csv", CSV},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := parsed(t, c.query, "Accept", c.accept).format; got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	if got := parsed(t, "", "Accept", "text/plain", "Accept", "text/csv").format; got != CSV {
		t.Errorf("of two Accept headers: %s", got)
	}
}

func TestLastEventIDResumes(t *testing.T) {
	events := []string{"Accept", "text/event-stream", "Last-Event-ID", "c1.new"}
	if got := parsed(t, "", events...).cursor; got != "c1.new" {
		t.Errorf("the cursor is %q", got)
	}
	if got := parsed(t, "next_cursor=c1.old", events...).cursor; got != "c1.new" {
		t.Errorf("a client that reconnects to the URL it began with goes on from %q", got)
	}
	if got := parsed(t, "next_cursor=c1.old", "Last-Event-ID", "c1.new").cursor; got != "c1.old" {
		t.Errorf("without events the header means nothing, and the cursor is %q", got)
	}
}
