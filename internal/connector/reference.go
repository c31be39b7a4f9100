package connector

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

const referenceHead = `# The connector language

<!-- Generated from the field spec in internal/connector; an edit by hand is lost. -->

A connector is one YAML file that says what to call, and no Go:

~~~yaml
connector: acme
title: Acme
context: { base_url: { default: https://api.acme.example } }
credentials: { api_key: { title: API key } }
auth: { headers: { X-Api-Key: "${api_key}" } }
check: { get: /v1/me }
errors: { message: [error.message] }
resources:
  usage:
    granularities: [day]
    list:
      get: /v1/costs
      query: { from: "{{ .window.start | date }}", to: "{{ .window.end | date }}" }
      window: { max: 1 month, align: month, oldest: 1 year, resolution: day }
      items: data
      page: { next_token: [meta.next], token_param: cursor, size: { param: limit, default: 100 } }
~~~

* Structure is YAML. A scalar is literal text; jq stands only inside ` + "`{{ }}`" + `, and a value that is a single slot keeps its
  JSON type. A slot that gives null leaves its parameter out. Conditions are jq without braces. Anchors are not used.
* Paths are dotted: ` + "`errors.0.detail`" + `; a dot within a key is written ` + "`\\.`" + `.
* Credentials are in no slot: only auth names them, as ` + "`${name}`" + `. Headers, query and cookies may stand beside one scheme.
  A request has an auth of its own where it differs: ` + "`auth: none`" + `, or an object that replaces the connector's whole.
* All times are UTC; slots read them as ` + "`YYYY-MM-DDTHH:MM:SSZ`" + `. A range is half open.
* For each window the first call whose condition holds is made. Where it gave no record, the fallbacks behind it whose
  condition holds are tried in turn.
* A call with ` + "`parents`" + ` is made for each item of a list of its own, window by window: its slots read ` + "`.parent`" + `, its mapping
  ` + "`$parent`" + `, both what ` + "`keep`" + ` has of it (of an item within an item, ` + "`$parent`" + ` is the outer one laid over that). Records, fallbacks and ` + "`no_data`" + ` are those of the window, not of one parent.
* A job's further pages are asked for by the request that gave the first one: ` + "`fetch`" + `, or ` + "`status`" + ` where the result is
  inline, or the call itself where it was ready at once. A list of links to download has a page for each.
* An error in a good status is found by a rule that names the status. It sees the whole of a short answer at once; of one of
  64 KiB or more it sees the members beside the items when the page has ended, before the page counts.
* A caller's remote_query goes over all this: its keys replace those of the same name and come last, in a JSON body with
  the declared type. A key whose slot reads the window turns slicing off. A key of the page counts for the first call only.
* A window's pages follow each other until the provider has no next one: null, nothing or an empty text where the token stands,
  false at more, the total, or an empty page of those that are counted. The same token twice is an error, pagination_loop.
* Where a list is wanted, a scalar stands for a list of one: ` + "`items: data`, `next_token: next`, `expired: 403`" + `. ` + "`check`" + ` is optional: without
  it ` + "`meterbridge check`" + ` proves an account by its usage alone.
* Records that lie outside the range that was asked for are cut, so a call may ask for more than that. An end that is sent as
  exclusive to a provider that takes it as inclusive therefore costs a call and shows in no record; the reverse loses the last
  day. The cassette proves it: an item on the first and on the last day, and a request for one day (` + "`meterbridge docs cassettes`" + `).
* Credentials and context of a call without a configuration are ` + "`MB_<NAME>_<FIELD>`" + ` in the environment. Before a simulated provider
  (` + "`meterbridge simulate`" + `) that is ` + "`MB_<NAME>_BASE_URL=http://127.0.0.1:9090/<name>`" + `, with the cassette's credentials.

## What lint asks beyond the language

* Every field of the model is mapped, or stands in ` + "`omits`" + ` with the reason (` + "`unmapped`" + `); one that every record has stands not there
  (` + "`omitted`" + `), nor does one that the model does not have (` + "`unknown-field`" + `).
* Numbers of the model are exact (` + "`money`" + `): on its way into one, a value goes through no arithmetic operator (` + "`+ - * / %`" + `, a minus before
  it, and those that update) and none of ` + "`add`, `tonumber`, `floor`, `round`, `abs`, `pow`" + ` and their like. The decimals keep every digit:
  ` + "`dec dsum dadd dsub dmul dneg dshift dcmp`" + `. Operators on lists, objects and texts are free, and so are those in conditions.
* The cassette shows a second page of each way of paging (` + "`cassette-pages`" + `), how the provider answers with 401, 403 and 429, or as
  answer/unauthorized, forbidden and rate_limited (` + "`cassette-errors`" + `), and goldens that are unified, normalized and raw (` + "`cassette-goldens`" + `).

What is missing is a warning for files that are named, which may be in the making, and an error for what is installed.

`

// Docs is the reference of the language in Markdown.
func Docs() []byte {
	var b strings.Builder
	b.WriteString(referenceHead + recipeDocs())
	r := referenceMaker{b: &b, place: map[reflect.Type]int{}}
	r.add("Top level", reflect.TypeFor[Connector]())
	for i := 0; i < len(r.sections); i++ {
		for _, f := range specOf(r.sections[i].typ).fields {
			r.visit(f.key, f.typ)
		}
	}
	for _, s := range r.sections {
		r.print(s)
	}
	b.WriteString(scopeDocs())
	return []byte(b.String())
}

type referenceMaker struct {
	b        *strings.Builder
	place    map[reflect.Type]int // of a struct's section; -1 where it has none of its own
	sections []section
}

// section is a struct of the language, under the keys that it stands behind.
type section struct {
	title string
	typ   reflect.Type
}

func (r *referenceMaker) add(title string, t reflect.Type) {
	r.sections = append(r.sections, section{title, t})
}

func (r *referenceMaker) print(s section) {
	fmt.Fprintf(r.b, "## %s\n\n| key | value | default | meaning |\n|---|---|---|---|\n", s.title)
	for _, f := range specOf(s.typ).fields {
		def := f.def
		if f.need {
			def = "**required**"
		} else if def != "" {
			def = "`" + def + "`"
		}
		fmt.Fprintf(r.b, "| `%s` | %s | %s | %s |\n", f.key, typeName(f.typ, f), def, strings.ReplaceAll(f.doc, "|", `\|`))
	}
	r.b.WriteString("\n")
}

// visit gives the struct behind a field a section of its own, once; further keys of it are named in its title.
func (r *referenceMaker) visit(key string, t reflect.Type) {
	for t.Kind() == reflect.Pointer || (t.Kind() == reflect.Slice || t.Kind() == reflect.Map) && leafNames[t] == "" {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return
	}
	key = "`" + key + "`"
	if i, ok := r.place[t]; ok {
		if i >= 0 && !strings.Contains(r.sections[i].title, key) {
			r.sections[i].title += ", " + key
		}
		return
	}
	r.place[t] = -1
	shown := t
	if f, ok := reflect.New(t).Interface().(former); ok {
		shown = reflect.TypeOf(f.form())
	} else if leafNames[t] != "" || specOf(t).valIndex != nil || t == reflect.TypeFor[CallSpec]() { // a call's keys stand in the section of the method
		return
	}
	r.place[t] = len(r.sections)
	r.add(key, shown)
}

// scopeTitles says where each scope holds, in the order of the reference.
var scopeTitles = []struct{ scope, where string }{
	{"list", "`list`"}, {"parents", "`list.parents`"}, {"get", "`get`"}, {"list+token", "`page.then`"}, {"page", "`page.next`"},
	{"job", "`job.status`"}, {"fetch", "`job.fetch`"}, {"lookup", "`lookups`"}, {"check", "`check`"},
	{"context", "`context.*.default`, `auth`, `default` granularity"}, {"reply", "`errors.rules`, `check.expect`, `job.ready`"},
	{"report", "`job.done`, `job.failed`"}, {"jwt", "`auth.jwt.claims`"}, {"item", "`parents.where`, `control_total.value`"},
}

func scopeDocs() string {
	var b strings.Builder
	b.WriteString("## What a slot can read\n\n| in | variables |\n|---|---|\n")
	for _, s := range scopeTitles {
		fmt.Fprintf(&b, "| %s | `.%s` |\n", s.where, strings.Join(varsOf(s.scope), "` `."))
	}
	b.WriteString("\n| variable | is |\n|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(scopeMeaning)) {
		fmt.Fprintf(&b, "| `.%s` | %s |\n", name, scopeMeaning[name])
	}
	return b.String()
}
