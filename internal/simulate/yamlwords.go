package simulate

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/meterbridge/meterbridge/internal/near"
)

var (
	unknownField = regexp.MustCompile(`field (\S+) not found in type \S+`)
	wrongType    = regexp.MustCompile("(?s)cannot unmarshal !!\\w+ (`.*` )?into (.*)$")
)

// plainly is a YAML decoder's message in the words of a cassette, without the types of this program.
func plainly(message string, into any) string {
	if m := unknownField.FindStringSubmatch(message); m != nil {
		kind := "key"
		if _, ok := into.(*directives); ok {
			kind = "directive"
		}
		return strings.Replace(message, m[0], unknown(kind, m[1], keys(into)), 1)
	}
	if m := wrongType.FindStringSubmatch(message); m != nil {
		return m[1] + "is not " + typeWords(m[2])
	}
	return message
}

func typeWords(name string) string {
	switch name {
	case "int":
		return "a number"
	case "bool":
		return "true or false"
	case "string":
		return "a text"
	case "[]string":
		return "a list of texts"
	}
	return "a mapping"
}

func unknown(kind, name string, known []string) string {
	if close := near.Word(name, known); close != "" {
		return fmt.Sprintf("unknown %s %s (did you mean %s?)", kind, name, close)
	}
	return fmt.Sprintf("unknown %s %s; there are %s", kind, name, strings.Join(known, ", "))
}

// keys are the YAML names of what into points at, a struct.
func keys(into any) []string {
	t := reflect.TypeOf(into).Elem()
	var out []string
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("yaml"); name != "" && name != "-" {
			out = append(out, name)
		}
	}
	return out
}
