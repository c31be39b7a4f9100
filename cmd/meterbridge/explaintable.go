package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
)

const (
	readWidth   = 120 // of text where no terminal says its own
	mostRecords = 3   // records of an item that are shown
	mostLines   = 40  // lines of an item that are shown
	widestValue = 40  // characters of a value
)

// tellPicked says which calls were made, why, and what was taken from their answers.
func (p *explainedPage) tellPicked(w io.Writer, width int) {
	x := &p.Debug.Explain
	if x.Picked.Derived != "" {
		fmt.Fprintf(w, "\n%s: the provider has no list of them, these are the values of %s over the range; explain usage to see where those come from.\n", count(p.Debug.Count, "record"), x.Picked.Derived)
		return
	}
	g := &grid{columns: []column{{title: "items", number: true}, {title: "at", long: true}, {title: "window"}, {title: "call"}, {title: "why", long: true}}}
	for _, one := range x.Picked.Pages {
		window, at, why := "", one.Path, one.Why
		if one.Window != nil && one.Window.Start != nil && one.Window.End != nil {
			window = day(*one.Window.Start) + " to " + day(*one.Window.End)
		}
		if at == "" {
			at = "the body"
		}
		if one.Cached {
			why += " (the answer was kept from the page before)"
		}
		g.add(fmt.Sprint(one.Items), at, window, one.Call, why)
	}
	fmt.Fprintf(w, "\nWhat was taken from it, for %s of %s, whose mapping is %s:\n", count(p.Debug.Count, "record"), x.Picked.Resource, x.Picked.Mapping)
	g.write(w, "", width)
}

// tell shows an item, and where the values of its records come from.
func (x *explainedItem) tell(w io.Writer, n, width int) error {
	input, err := brief(x.Input, "", cmp.Or(width, readWidth))
	if err != nil {
		return err
	}
	lines := strings.Split(input, "\n")
	if hidden := len(lines) - mostLines; hidden > 1 {
		lines = append(lines[:mostLines], fmt.Sprintf("… and %d lines more; --json has them.", hidden))
	}
	fmt.Fprintf(w, "\nItem %d, as the provider sent it:\n", n)
	for _, line := range lines {
		fmt.Fprintln(w, printable(line))
	}
	for i, rec := range x.Records {
		if i == mostRecords {
			fmt.Fprintf(w, "\n… and %d more of this item; --json has them.\n", len(x.Records)-i)
			break
		}
		g := &grid{columns: []column{{title: "field"}, {title: "value", long: true}, {title: "from"}, {title: "line"}, {title: "layer"}}}
		for _, f := range rec.Fields {
			layer := f.Layer
			if layer == "base" {
				layer = "" // said only where there is another
			}
			g.add(f.Field, text.Snip(plain(f.Value), widestValue, "…"), first(f.From), f.Line, layer)
			for _, also := range f.From[min(1, len(f.From)):] {
				g.add("", "", also, "", "")
			}
		}
		fmt.Fprintf(w, "\nItem %d, record %d of %d:\n", n, i+1, len(x.Records))
		g.write(w, "", width)
	}
	if len(x.Shapes) > 0 {
		told(w, "How many records it makes depends on", x.Shapes, width)
	}
	if x.Partial {
		fmt.Fprintln(w, "! This explanation was stopped at its time or its number of runs: a source may be missing.")
	}
	return nil
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// plain is a value as a cell: a text without its quotes.
func plain(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) == nil && s != "" {
		return s
	}
	return string(v)
}

func (p *explainedPage) tellUnread(w io.Writer, width int) {
	x := &p.Debug.Explain
	if x.Picked.Derived != "" || x.Over == 0 {
		return
	}
	if len(x.Unread) == 0 {
		fmt.Fprintf(w, "\nOver %s, every field of the provider's is read.\n", count(x.Over, "item"))
		return
	}
	list := x.Unread
	if x.More > 0 {
		list = append(list, fmt.Sprintf("and %d more", x.More))
	}
	told(w, fmt.Sprintf("Unread over %s:", count(x.Over, "item")), list, width)
}

// told writes a list behind its title, in lines of the width.
func told(w io.Writer, title string, list []string, width int) {
	fmt.Fprintln(w)
	for line := range strings.Lines(text.WrapSoft(printable(title+" "+strings.Join(list, ", ")), cmp.Or(width, readWidth))) {
		fmt.Fprintln(w, strings.TrimRight(line, " \n"))
	}
}
