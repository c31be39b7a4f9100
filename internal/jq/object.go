package jq

// Object is an input whose members are made when a program asks for them: a straight program asks for those that it names,
// any other one runs on all of them.
type Object interface {
	Member(name string) any // nil where there is none; an Object again, or a value as gojq has it
	All() map[string]any    // of values as gojq has them
}

// made is a value as gojq has it.
func made(v any) any {
	if o, ok := v.(Object); ok {
		return o.All()
	}
	return v
}
