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

A connector is one YAML file that says what to call. Structure is YAML. A scalar is literal text; jq stands only inside
` + "`{{ }}`" + `, and a value that is a single slot keeps its JSON type. A slot that gives null leaves its parameter out. Conditions
(` + "`when`, `that`, `done`, `failed`" + `) are jq without braces. Paths are dotted: ` + "`errors.0.detail`" + `. Credentials are in no
slot: only ` + "`auth`" + ` names them, as ` + "`${name}`" + `. All times are UTC; slots read them as ` + "`YYYY-MM-DDTHH:MM:SSZ`" + `.

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
