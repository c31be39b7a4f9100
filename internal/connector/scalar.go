package connector

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// scalar reads a field of one of Go's own types.
func (d *decoder) scalar(n *yaml.Node, v reflect.Value, f field) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		d.wrongType(n, typeName(v.Type(), f))
		return
	}
	switch v.Kind() {
	case reflect.String:
		if len(f.enum) > 0 && !slices.Contains(f.enum, n.Value) {
			if d.notExpressible(n, f.key, n.Value) {
				return
			}
			d.add(n, "value", fmt.Sprintf("`%s` is not a value of %s", clip(n.Value), f.key), didYouMean(n.Value, f.enum, "use one of "+strings.Join(f.enum, ", ")))
			return
		}
		v.SetString(n.Value)
		if f.form == "path" && n.Value != "" {
			if slices.Contains(strings.Split(n.Value, "."), "") {
				d.add(n, "value", "a path with an empty part", "write a.b.0")
			}
			v.SetString(ParsePath(n.Value))
		}
	case reflect.Bool:
		if n.Value != "true" && n.Value != "false" {
			d.wrongType(n, "true or false")
			return
		}
		v.SetBool(n.Value == "true")
	case reflect.Int64: // time.Duration
		t, err := time.ParseDuration(n.Value)
		if err != nil || t <= 0 {
			d.wrongType(n, "a duration such as 500ms, 2s or 72h")
			return
		}
		v.SetInt(int64(t))
	case reflect.Int:
		i, err := strconv.Atoi(n.Value)
		if err != nil || i < 0 {
			d.wrongType(n, "a whole number, not negative")
			return
		}
		v.SetInt(int64(i))
	}
}

// clip keeps a quoted value to a length that reads in a finding.
func clip(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
