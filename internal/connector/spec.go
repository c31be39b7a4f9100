package connector

import (
	"reflect"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// field is one key of the language, as the tags of its struct field say. It is what the parser, the schema and the
// reference read.
type field struct {
	key   string
	doc   string
	def   string   // the default as it would be written, "" for none
	need  bool     // a finding where it is missing
	enum  []string // allowed values; of a list, of its elements
	form  string   // "path" for a dotted path, which is kept in gjson's notation
	scope string   // what slots below it may read, "" for the surrounding one, +name for that and one variable more
	index []int    // reflect path, through inlined structs
	typ   reflect.Type
}

// object is the spec of one struct: its fields in order, and where a name or a value lands that is the key of the
// mapping around it.
type object struct {
	fields   []field
	keyIndex []int
	valIndex []int
}

// leaf is a type that reads its own node.
type leaf interface {
	decode(d *decoder, n *yaml.Node, f field)
}

// checker is a struct with rules beyond its fields' own; it runs after they are read.
type checker interface {
	check(d *decoder, n *yaml.Node)
}

var specs sync.Map // reflect.Type → *object

// specOf reads the tags of a struct type.
func specOf(t reflect.Type) *object {
	if o, ok := specs.Load(t); ok {
		return o.(*object)
	}
	o := new(object)
	for i := range t.NumField() {
		sf := t.Field(i)
		tag := sf.Tag.Get("yaml")
		switch {
		case tag == ",inline":
			for _, f := range specOf(sf.Type).fields {
				f.index = append([]int{i}, f.index...)
				o.fields = append(o.fields, f)
			}
		case tag == ",key":
			o.keyIndex = []int{i}
		case tag == ",value":
			o.valIndex = []int{i}
		case tag != "" && tag != "-":
			f := field{
				key: tag, doc: sf.Tag.Get("doc"), def: sf.Tag.Get("default"), need: sf.Tag.Get("need") != "",
				scope: sf.Tag.Get("scope"), form: sf.Tag.Get("form"), index: []int{i}, typ: sf.Type,
			}
			if e := sf.Tag.Get("enum"); e != "" {
				f.enum = strings.Split(e, "|")
			}
			o.fields = append(o.fields, f)
		}
	}
	specs.Store(t, o)
	return o
}

func (o *object) field(key string) (field, bool) {
	for _, f := range o.fields {
		if f.key == key {
			return f, true
		}
	}
	return field{}, false
}

func (o *object) keys() []string {
	out := make([]string, len(o.fields))
	for i, f := range o.fields {
		out[i] = f.key
	}
	return out
}
