package native

import (
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/meterbridge/meterbridge/internal/jq/core"
)

// Regular expressions, which are literals. gojq's are Go's, and so are these.

// expression is the expression of test, match or capture: the first argument, with the flags of the second.
func expression(n *core.Call) (*regexp.Regexp, error) {
	text, known := core.TextOf(n.Args[0])
	if !known {
		return nil, errors.New("a regular expression that is no literal")
	}
	if len(n.Args) > 1 {
		flags, known := core.TextOf(n.Args[1])
		if c, is := n.Args[1].(*core.Const); !known && !(is && c.Value == nil) || strings.Trim(flags, "im") != "" {
			return nil, errors.New("flags other than i and m")
		}
		if strings.Contains(flags, "i") {
			text = "(?i)" + text
		}
		if strings.Contains(flags, "m") {
			text = "(?s)" + text
		}
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, errors.New("what is no regular expression")
	}
	return re, nil
}

// matching compiles a call of test, match or capture.
func (c *compiler) matching(n *core.Call) eval {
	re, err := expression(n)
	if err != nil {
		c.fail(n, "%v", err)
		return identity
	}
	if n.Name == "test" {
		return onText(func(_ *Machine, v value) value { return boolean(re.MatchString(v.str())) })
	}
	names := re.SubexpNames()[1:]
	give := c.match(names)
	if n.Name == "capture" {
		give = c.capture(names)
	}
	return onText(func(m *Machine, v value) value {
		at := re.FindStringSubmatchIndex(v.str())
		if at == nil {
			return none
		}
		return give(m, v, at)
	})
}

func onText(f eval) eval {
	return func(m *Machine, v value) value {
		if v.kind != isText {
			return failed
		}
		return f(m, v)
	}
}

// matched makes a value of a text and where the expression and its groups, by twos, were found in it.
type matched func(m *Machine, v value, at []int) value

// capture is an object of the groups that have names.
func (c *compiler) capture(names []string) matched {
	var keys []string
	var groups []int
	for i, name := range names {
		if name != "" {
			keys, groups = append(keys, name), append(groups, i+1)
		}
	}
	shape := c.shape(keys)
	return func(m *Machine, v value, at []int) value {
		o, columns := m.object(shape(m))
		for i, g := range groups {
			columns[i] = v.group(at, g)
		}
		return o
	}
}

// match is an object of what was found, with all groups.
func (c *compiler) match(names []string) matched {
	whole := c.shape([]string{"offset", "length", "string", "captures"})
	group := c.shape([]string{"offset", "length", "string", "name"})
	labels := make([]value, len(names))
	for i, name := range names {
		if labels[i] = null; name != "" {
			labels[i] = keyText(name)
		}
	}
	place := func(m *Machine, l *layout, v value, at []int, g int, last value) value {
		o, columns := m.object(l)
		columns[0], columns[1], columns[2], columns[3] = integer(-1), integer(0), v.group(at, g), last
		if from, to := at[2*g], at[2*g+1]; from >= 0 {
			s := v.str()
			columns[0], columns[1] = integer(utf8.RuneCountInString(s[:from])), integer(utf8.RuneCountInString(s[from:to]))
		}
		return o
	}
	return func(m *Machine, v value, at []int) value {
		groups := m.values(len(labels))
		for i, label := range labels {
			groups[i] = place(m, group(m), v, at, i+1, label)
		}
		return place(m, whole(m), v, at, 0, arrayOf(groups))
	}
}

// group is what a group was found as, null where it was not.
func (v value) group(at []int, g int) value {
	if at[2*g] < 0 {
		return null
	}
	return v.part(at[2*g], at[2*g+1])
}
