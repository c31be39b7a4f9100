package connector

import (
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// decoder turns YAML nodes into the language's structs by their field spec, and gathers every finding on the way.
type decoder struct {
	file  string
	lines []string
	finds []jq.Finding
	scope string // of the slots that are being read
	slots []*slot
	facts []string  // that calls carry
	call  *CallSpec // the one that is being read
	uses  []credentialUse
	auths []*Auth

	untrusted bool // slots may hold what is straight alone
}

func (d *decoder) addAt(line, col int, rule, text, fix string) {
	f := jq.Finding{File: d.file, Line: line, Col: col, Rule: rule, Text: text, Fix: fix}
	if !slices.Contains(d.finds, f) { // what several calls inherit is read once for each of them
		d.finds = append(d.finds, f)
	}
}

func (d *decoder) add(n *yaml.Node, rule, text, fix string) {
	d.addAt(max(n.Line, 1), max(n.Column, 1), rule, text, fix)
}

// at is the value of a key of a mapping, the mapping itself where it has no such key.
func (d *decoder) at(n *yaml.Node, key string) *yaml.Node {
	if _, v := lookupKey(n, key); v != nil {
		return v
	}
	return n
}

// key is the node of a mapping's key, the mapping itself where it has no such key.
func (d *decoder) key(n *yaml.Node, key string) *yaml.Node {
	if k, _ := lookupKey(n, key); k != nil {
		return k
	}
	return n
}

func lookupKey(n *yaml.Node, key string) (k, v *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i], n.Content[i+1]
		}
	}
	return nil, nil
}

func (d *decoder) wrongType(n *yaml.Node, want string) {
	got := "a list"
	switch {
	case n.Kind == yaml.AliasNode:
		got = "an alias"
	case n.Kind == yaml.MappingNode:
		got = "an object"
	case n.Tag == "!!null":
		got = "nothing"
	case n.Kind == yaml.ScalarNode:
		got = "`" + clip(n.Value) + "`"
	}
	d.add(n, "type", "here stands "+got+", wanted is "+want, example(want))
}

// into reads a mapping into the struct that dst points to.
func (d *decoder) into(n *yaml.Node, dst any) {
	v := reflect.ValueOf(dst).Elem()
	o := specOf(v.Type())
	if n.Kind != yaml.MappingNode {
		d.wrongType(n, "an object with "+strings.Join(o.keys(), ", "))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, val := n.Content[i], n.Content[i+1]
		f, ok := o.field(k.Value)
		switch {
		case k.Kind != yaml.ScalarNode:
			d.wrongType(k, "a key")
		case seen[k.Value]:
			d.add(k, "duplicate", "a second "+k.Value, "remove one of them")
		case !ok && d.notExpressible(k, k.Value, ""):
		case !ok:
			d.add(k, "unknown-key", "unknown key "+clip(k.Value), didYouMean(k.Value, o.keys(), "known are "+strings.Join(o.keys(), ", ")))
		default:
			d.value(val, v.FieldByIndex(f.index), f)
		}
		seen[k.Value] = true
	}
	for _, f := range o.fields {
		switch {
		case seen[f.key]:
		case f.need:
			d.add(n, "missing", f.key+" is missing", "add "+f.key+": "+f.doc)
		case f.def != "":
			d.value(&yaml.Node{Kind: yaml.ScalarNode, Value: f.def, Line: n.Line, Column: n.Column}, v.FieldByIndex(f.index), f)
		}
	}
	if c, ok := dst.(checker); ok {
		c.check(d, n)
	}
}

// value reads one node into one field.
func (d *decoder) value(n *yaml.Node, v reflect.Value, f field) {
	if f.scope != "" {
		defer func(outer string) { d.scope = outer }(d.scope)
		if strings.HasPrefix(f.scope, "+") { // more than the surrounding one
			d.scope += f.scope
		} else {
			d.scope = f.scope
		}
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		d.add(n, "yaml", "anchors and aliases are not part of the language", "write it out")
		return
	}
	if l, ok := v.Addr().Interface().(leaf); ok {
		l.decode(d, n, f)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.into(n, v.Addr().Interface())
	case reflect.Map:
		d.mapping(n, v, f)
	case reflect.Slice:
		d.list(n, v, f)
	default:
		d.scalar(n, v, f)
	}
}

// mapping reads a YAML mapping with free keys into a Go map.
func (d *decoder) mapping(n *yaml.Node, v reflect.Value, f field) {
	v.Set(reflect.MakeMap(v.Type()))
	d.pairs(n, func(k, val *yaml.Node) {
		e := reflect.New(v.Type().Elem()).Elem()
		d.value(val, e, field{key: k.Value, enum: f.enum, form: f.form})
		d.name(k, e)
		v.SetMapIndex(reflect.ValueOf(k.Value), e)
	})
}

// list reads a sequence, or a mapping whose order counts, into a slice.
func (d *decoder) list(n *yaml.Node, v reflect.Value, f field) {
	elem := v.Type().Elem()
	if elem.Kind() == reflect.Struct && specOf(elem).keyIndex != nil {
		d.pairs(n, func(k, val *yaml.Node) {
			e := reflect.New(elem).Elem()
			if i := specOf(elem).valIndex; i != nil {
				d.value(val, e.FieldByIndex(i), field{key: k.Value})
			} else {
				d.into(val, e.Addr().Interface())
			}
			d.name(k, e)
			v.Set(reflect.Append(v, e))
		})
		return
	}
	if n.Kind == yaml.ScalarNode && n.Tag != "!!null" { // one element may stand without its brackets
		n = &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{n}}
	}
	if n.Kind != yaml.SequenceNode {
		d.wrongType(n, "a list")
		return
	}
	for _, item := range n.Content {
		e := reflect.New(elem).Elem()
		d.value(item, e, field{key: f.key, enum: f.enum, form: f.form})
		v.Set(reflect.Append(v, e))
	}
}

// pairs calls each with every pair of a mapping whose keys are free.
func (d *decoder) pairs(n *yaml.Node, each func(k, v *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		d.wrongType(n, "an object")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		switch {
		case k.Kind != yaml.ScalarNode || k.Value == "":
			d.wrongType(k, "a name")
		case seen[k.Value]:
			d.add(k, "duplicate", "a second "+clip(k.Value), "give it another name")
		default:
			each(k, n.Content[i+1])
		}
		seen[k.Value] = true
	}
}

// name stores the key of the mapping around a struct in the struct.
func (d *decoder) name(k *yaml.Node, e reflect.Value) {
	if e.Kind() == reflect.Pointer {
		e = e.Elem()
	}
	if e.Kind() == reflect.Struct {
		if i := specOf(e.Type()).keyIndex; i != nil {
			e.FieldByIndex(i).SetString(k.Value)
		}
	}
}
