package main

import (
	"bytes"
	"cmp"
	"fmt"
	"html"
	"math"
	"slices"
)

// Measures of the picture, in its own units.
const (
	pictureWidth = 760
	labelWidth   = 190
	barHeight    = 16
	rowHeight    = 24
	titleHeight  = 44
)

// bar is one row of a chart.
type bar struct {
	name, value string
	size        float64
	ours        bool
}

// picture draws what people would rather look at: how fast each engine maps, and how many pages each server serves. The
// scale is logarithmic, since the slowest would not be seen beside the fastest.
func (r *report) picture() []byte {
	var b bytes.Buffer
	y := 0
	for _, m := range r.Mapping {
		if len(m.Speeds) < 3 {
			continue
		}
		var bars []bar
		for _, s := range m.Speeds {
			bars = append(bars, bar{s.Name, showSpeed(s.MB) + " MB/s", s.MB, s.Name == engineOurs})
		}
		y = chart(&b, y, "Mapping a page of "+m.Shape+", MB a second on one core", bars)
	}
	for _, s := range r.Pages {
		if s.Page != "100k" || s.Connections == 1 {
			continue
		}
		var bars []bar
		for _, row := range s.Rows {
			bars = append(bars, bar{row.Name, showRate(row.PerSecond) + "/s", row.PerSecond, row.Ours()})
		}
		y = chart(&b, y, "Pages of 100 KB a second through whole gateways", bars)
	}
	head := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="system-ui, sans-serif" font-size="13">
<style>
text { fill: #1f2328 } .note { fill: #59636e } rect { fill: #b1bac4 } .ours { fill: #1a7f5a }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .note { fill: #9198a1 } rect { fill: #59636e } .ours { fill: #3fb98a } }
</style>
`, pictureWidth, y+rowHeight)
	note := fmt.Sprintf(`<text class="note" x="0" y="%d" font-size="11">Bars are logarithmic: each is read by its figure.</text>`+"\n</svg>\n", y+rowHeight/2)
	return append(append([]byte(head), b.Bytes()...), note...)
}

// chart draws bars below y and says where it ends.
func chart(b *bytes.Buffer, y int, title string, bars []bar) int {
	slices.SortStableFunc(bars, func(a, b bar) int { return cmp.Compare(b.size, a.size) })
	least, most := math.Inf(1), 0.0
	for _, one := range bars {
		least, most = min(least, one.size), max(most, one.size)
	}
	full := float64(pictureWidth - labelWidth - 110)
	fmt.Fprintf(b, `<text x="0" y="%d" font-size="15" font-weight="600">%s</text>`+"\n", y+titleHeight-18, html.EscapeString(title))
	y += titleHeight
	for _, one := range bars {
		class := ""
		if one.ours {
			class = ` class="ours"`
		}
		width := full
		if most > least {
			width = full * (0.05 + 0.95*math.Log(one.size/least)/math.Log(most/least))
		}
		fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end">%s</text><rect%s x="%d" y="%d" width="%.0f" height="%d" rx="3"/><text class="note" x="%.0f" y="%d">%s</text>`+"\n",
			labelWidth-8, y+barHeight-3, html.EscapeString(one.name), class, labelWidth, y, width, barHeight, labelWidth+width+6, y+barHeight-3, html.EscapeString(one.value))
		y += rowHeight
	}
	return y
}
