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
* Credentials are in no slot: only auth names them, as ` + "`${name}`" + `.
* All times are UTC; slots read them as ` + "`YYYY-MM-DDTHH:MM:SSZ`" + `. A range is half open.
* For each window the first call whose condition holds is made. Where it gave no record, the fallbacks behind it whose
  condition holds are tried in turn.
* A caller's remote_query goes over all this: its keys replace those of the same name and come last, in a JSON body with
  the declared type. A key whose slot reads the window turns slicing off. A key of the page counts for the first call only.

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
	b.WriteString(referenceHead)
	r := referenceMaker{b: &b, seen: map[reflect.Type]bool{}}
	r.section("Top level", reflect.TypeFor[Connector]())
	for len(r.queue) > 0 {
		s := r.queue[0]
		r.queue = r.queue[1:]
		r.section("`"+s.title+"`", s.typ)
	}
	b.WriteString(scopeDocs())
	return []byte(b.String())
}

type referenceMaker struct {
	b     *strings.Builder
	seen  map[reflect.Type]bool
	queue []section
}

type section struct {
	title string
	typ   reflect.Type
}

func (r *referenceMaker) section(title string, t reflect.Type) {
	fmt.Fprintf(r.b, "## %s\n\n| key | value | default | meaning |\n|---|---|---|---|\n", title)
	for _, f := range specOf(t).fields {
		def := f.def
		if f.need {
			def = "**required**"
		} else if def != "" {
			def = "`" + def + "`"
		}
		fmt.Fprintf(r.b, "| `%s` | %s | %s | %s |\n", f.key, typeName(f.typ, f), def, strings.ReplaceAll(f.doc, "|", `\|`))
		r.visit(f.key, f.typ)
	}
	r.b.WriteString("\n")
}

// visit queues the struct behind a field for a section of its own, once.
func (r *referenceMaker) visit(key string, t reflect.Type) {
	for t.Kind() == reflect.Pointer || (t.Kind() == reflect.Slice || t.Kind() == reflect.Map) && leafNames[t] == "" {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || r.seen[t] {
		return
	}
	r.seen[t] = true
	if t == reflect.TypeFor[CallSpec]() { // its keys stand in the section of the method
		return
	}
	if f, ok := reflect.New(t).Interface().(former); ok {
		r.queue = append(r.queue, section{key, reflect.TypeOf(f.form())})
		return
	}
	if leafNames[t] == "" && specOf(t).valIndex == nil {
		r.queue = append(r.queue, section{key, t})
	}
}

// scopeTitles says where each scope holds, in the order of the reference.
var scopeTitles = []struct{ scope, where string }{
	{"list", "`list`"}, {"get", "`get`"}, {"job", "`job.status`"}, {"lookup", "`lookups`"}, {"check", "`check`"},
	{"context", "`context.*.default`, `auth`, `default` granularity"}, {"reply", "`errors.rules`, `check.expect`"}, {"report", "`job.done`, `job.failed`"},
}

func scopeDocs() string {
	var b strings.Builder
	b.WriteString("## What a slot can read\n\n| in | variables |\n|---|---|\n")
	for _, s := range scopeTitles {
		fmt.Fprintf(&b, "| %s | `.%s` |\n", s.where, strings.Join(scopeVars[s.scope], "` `."))
	}
	b.WriteString("\n| variable | is |\n|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(scopeMeaning)) {
		fmt.Fprintf(&b, "| `.%s` | %s |\n", name, scopeMeaning[name])
	}
	return b.String()
}
