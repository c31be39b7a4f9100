package mappingtest

import "encoding/json"

// kind is what a value is to a program that is being made. A date and a decimal are texts, and more.
type kind uint8

const (
	anything kind = iota
	nothing
	boolean
	number
	text
	date
	decimal // a number in a text
	array
	object
)

var kinds = map[string]kind{"any": anything, "null": nothing, "bool": boolean, "num": number, "str": text, "date": date, "dec": decimal, "arr": array, "obj": object}

// fits says that a value of the kind k serves where the kind want is wanted.
func (k kind) fits(want kind) bool {
	return want == anything || k == want || want == text && (k == date || k == decimal)
}

// shape is what is known of a value: a loose type.
type shape struct {
	kind     kind
	nullable bool // it may be null, or not be there
	fields   []field
	elem     *shape // of an array, and of an object that is a map
}

type field struct {
	name  string
	shape *shape
}

// of is a shape of which nothing is known but the kind.
func of(k kind) *shape { return &shape{kind: k} }

func listOf(elem *shape) *shape { return &shape{kind: array, elem: elem} }

// entry is the shape of what to_entries makes of a value.
func entry(s *shape) *shape {
	return &shape{kind: object, fields: []field{{"key", of(text)}, {"value", s.inner()}}}
}

// inner is the shape of an element, or of a member.
func (s *shape) inner() *shape {
	if s.elem != nil {
		return s.elem
	}
	if s.kind == object && len(s.fields) > 0 {
		return s.fields[0].shape
	}
	return of(anything)
}

// learn adds what a value shows to what is known; names come in the order in which they were met.
func (s *shape) learn(v *doc, first bool) {
	k := kindOf(v)
	switch {
	case k == nothing:
		s.nullable = true
		return
	case s.kind == anything || first:
		s.kind = k
	case s.kind != k && k.fits(text) && s.kind.fits(text):
		s.kind = text
	case s.kind != k:
		return
	}
	switch k {
	case array:
		if s.elem == nil {
			s.elem = of(anything)
		}
		for _, e := range v.kids {
			s.elem.learn(e, false)
		}
	case object:
		s.learnFields(v)
	}
}

func (s *shape) learnFields(v *doc) {
	met := map[string]bool{}
	had := len(s.fields)
	for i, raw := range v.keys {
		var name string
		if json.Unmarshal([]byte(raw), &name) != nil || met[name] {
			continue
		}
		met[name] = true
		f := s.field(name)
		if f == nil {
			f = &shape{nullable: had > 0}
			s.fields = append(s.fields, field{name, f})
		}
		f.learn(v.kids[i], false)
	}
	for _, f := range s.fields {
		if !met[f.name] {
			f.shape.nullable = true
		}
	}
}

func (s *shape) field(name string) *shape {
	for _, f := range s.fields {
		if f.name == name {
			return f.shape
		}
	}
	return nil
}

// shapeOf is the shape of documents.
func shapeOf(samples ...[]byte) *shape {
	s := &shape{}
	for _, text := range samples {
		if d := parse(text); d != nil {
			s.learn(d, false)
		}
	}
	return s
}

func kindOf(v *doc) kind {
	switch c := v.raw; {
	case v.kind == array || v.kind == object:
		return v.kind
	case c == "null":
		return nothing
	case c == "true" || c == "false":
		return boolean
	case c[0] != '"':
		return number
	case dated.MatchString(c):
		return date
	case numeric.MatchString(c):
		return decimal
	}
	return text
}
