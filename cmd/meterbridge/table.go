package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"
)

// column is one of a grid. Columns without a value in any row are left out.
type column struct {
	title  string
	number bool // to the right, point below point
	long   bool // may be cut where the terminal is too narrow
	spare  bool // may be left out where cutting is not enough
	paint  func(string) string
}

// grid is a table for people.
type grid struct {
	columns []column
	rows    [][]string
}

func (g *grid) add(cells ...string) {
	for i, c := range cells {
		cells[i] = printable(c)
	}
	g.rows = append(g.rows, cells)
}

// Widths that a cell is cut to: comfortable while there are spare columns to leave out, shortest at the worst.
const (
	comfortable = 14
	shortest    = 8
)

// write renders within a width; 0 is as wide as it takes.
func (g *grid) write(w io.Writer, indent string, width int) {
	var shown []int
	for i := range g.columns {
		for _, row := range g.rows {
			if row[i] != "" {
				shown = append(shown, i)
				break
			}
		}
	}
	g.point(shown)
	shown, limits := g.fit(shown, width-len(indent))
	t := table.NewWriter()
	t.SetStyle(plainStyle())
	t.SuppressTrailingSpaces()
	header := table.Row{}
	var configs []table.ColumnConfig
	for n, i := range shown {
		header = append(header, text.Snip(g.columns[i].title, limits[n], "…"))
		c := table.ColumnConfig{Number: n + 1}
		if g.columns[i].number {
			c.Align, c.AlignHeader = text.AlignRight, text.AlignRight
		}
		configs = append(configs, c)
	}
	t.SetColumnConfigs(configs)
	t.AppendHeader(header)
	for _, row := range g.rows {
		cells := table.Row{}
		for n, i := range shown {
			cell := text.Snip(row[i], limits[n], "…")
			if g.columns[i].paint != nil {
				cell = g.columns[i].paint(cell)
			}
			cells = append(cells, cell)
		}
		t.AppendRow(cells)
	}
	for line := range strings.Lines(t.Render() + "\n") {
		io.WriteString(w, strings.TrimRight(indent+line, " \n")+"\n")
	}
}

// point sets the numbers of a column point below point.
func (g *grid) point(shown []int) {
	for _, i := range shown {
		if !g.columns[i].number {
			continue
		}
		cells := make([]string, len(g.rows))
		for n, row := range g.rows {
			cells[n] = row[i]
		}
		for n, cell := range pointed(cells) {
			g.rows[n][i] = cell
		}
	}
}

// fit chooses the columns and their widths: long ones give up what is too much, the widest first, and where that would
// leave too little, spare ones are left out, the last first.
func (g *grid) fit(shown []int, width int) (kept, limits []int) {
	for {
		limits, over := g.shrink(shown, width, comfortable)
		last := -1
		for n, i := range shown {
			if g.columns[i].spare {
				last = n
			}
		}
		if over == 0 || last < 0 {
			if over > 0 {
				limits, _ = g.shrink(shown, width, shortest)
			}
			return shown, limits
		}
		shown = slices.Delete(slices.Clone(shown), last, last+1)
	}
}

// shrink takes width from long columns down to a least one, and says by how much the row is still too wide.
func (g *grid) shrink(shown []int, width, least int) (limits []int, over int) {
	limits = make([]int, len(shown))
	total := 2 * len(shown)
	for n, i := range shown {
		limits[n] = text.StringWidth(g.columns[i].title)
		for _, row := range g.rows {
			limits[n] = max(limits[n], text.StringWidth(row[i]))
		}
		total += limits[n]
	}
	for ; width > 0 && total > width; total-- {
		widest := -1
		for n, i := range shown {
			if g.columns[i].long && limits[n] > least && (widest < 0 || limits[n] > limits[widest]) {
				widest = n
			}
		}
		if widest < 0 {
			return limits, total - width
		}
		limits[widest]--
	}
	return limits, 0
}

func plainStyle() table.Style {
	s := table.StyleLight
	s.Options = table.Options{SeparateHeader: true}
	s.Box.PaddingLeft, s.Box.PaddingRight = "", "  "
	s.Format.Header = text.FormatLower
	return s
}

// printable takes out what a provider's text could do to a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, s)
}

// widthOf is a terminal's width, 0 for anything else.
func widthOf(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// isTerminal says whether a person watches.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// indented writes text with its lines moved right.
func indented(w io.Writer, indent, s string) {
	for line := range strings.Lines(strings.TrimRight(s, "\n") + "\n") {
		fmt.Fprint(w, indent, line)
	}
}
