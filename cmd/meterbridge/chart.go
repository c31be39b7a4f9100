package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/meterbridge/meterbridge/internal/money"
)

// Bounds of a chart.
const (
	maxDayBars   = 31 // more days than that are shown by month
	maxBars      = 36
	maxRanks     = 12 // groups with a bar of their own
	longestName  = 32 // of a group
	longestBar   = 48
	shortestBar  = 10
	defaultWidth = 80 // where there is no terminal to ask
)

// unit is the period of a chart's bar.
type unit struct {
	floor func(time.Time) time.Time
	next  func(time.Time) time.Time
	label string
}

var (
	byDay = unit{
		func(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) },
		func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }, time.DateOnly}
	byMonth = unit{
		func(t time.Time) time.Time {
			return time.Date(t.UTC().Year(), t.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
		},
		func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }, "2006-01"}
)

// writeChart draws bars in a shape, over time or by rank, one chart a currency. A single bar says nothing and is not drawn.
func writeChart(w io.Writer, points []point, width int, shape func([]point) (labels []string, amounts []money.Dec)) {
	if width == 0 {
		width = defaultWidth
	}
	var currencies []string
	for _, p := range points {
		if !slices.Contains(currencies, p.currency) {
			currencies = append(currencies, p.currency)
		}
	}
	for _, c := range currencies {
		of := slices.DeleteFunc(slices.Clone(points), func(p point) bool { return p.currency != c })
		if labels, amounts := shape(of); len(amounts) > 1 {
			fmt.Fprintf(w, "\n%s\n", printable(c))
			bars(w, labels, amounts, width)
		}
	}
}

// buckets sums points by day, or by month where days would be too many or records last longer than a day. Days without
// a cost are there too, so that the distance between bars is time.
func buckets(points []point) (labels []string, amounts []money.Dec) {
	first, last, longest := points[0].at, points[0].at, 0.0
	for _, p := range points {
		if p.at.Before(first) {
			first = p.at
		}
		if p.at.After(last) {
			last = p.at
		}
		longest = max(longest, p.days)
	}
	u := byDay
	if longest > 7 || last.Sub(first) >= maxDayBars*24*time.Hour {
		u = byMonth
	}
	sums := map[time.Time]money.Dec{}
	for _, p := range points {
		sums[u.floor(p.at)] = sums[u.floor(p.at)].Add(p.amount)
	}
	for t := u.floor(first); !t.After(u.floor(last)); t = u.next(t) {
		if _, ok := sums[t]; !ok && longest > 1 && u.label == time.DateOnly {
			continue // weeks have no bar for the days within them
		}
		labels, amounts = append(labels, t.Format(u.label)), append(amounts, sums[t])
	}
	if old := len(amounts) - maxBars; old > 0 {
		for _, a := range amounts[:old] {
			amounts[old] = amounts[old].Add(a)
		}
		labels, amounts = labels[old:], amounts[old:]
		labels[0] = "before " + labels[1]
	}
	return labels, amounts
}

// ranks are the costs of groups from the highest down. The smallest share the last bar where they are too many.
func ranks(points []point) (labels []string, amounts []money.Dec) {
	points = slices.Clone(points)
	slices.SortStableFunc(points, func(a, b point) int { return b.amount.Cmp(a.amount) })
	for i, p := range points {
		if i >= maxRanks {
			amounts[maxRanks] = amounts[maxRanks].Add(p.amount)
			continue
		}
		labels, amounts = append(labels, text.Snip(printable(p.name), longestName, "…")), append(amounts, p.amount)
		if rest := len(points) - maxRanks; i == maxRanks-1 && rest > 0 {
			labels, amounts = append(labels, count(rest, "other")), append(amounts, money.Dec{})
		}
	}
	return labels, amounts
}

func bars(w io.Writer, labels []string, amounts []money.Dec, width int) {
	texts, values := make([]string, len(amounts)), make([]float64, len(amounts))
	for i, a := range amounts {
		texts[i], _ = shown(a, leastMoney)
	}
	texts = pointed(texts)
	top, wide := 0.0, 0
	for i, a := range amounts {
		values[i], _ = strconv.ParseFloat(a.String(), 64) // a bar's length needs no exactness
		top, wide = max(top, math.Abs(values[i])), max(wide, utf8.RuneCountInString(texts[i]))
	}
	named := 0
	for _, l := range labels {
		named = max(named, utf8.RuneCountInString(l))
	}
	room := min(longestBar, max(shortestBar, width-named-wide-6))
	for i := range amounts {
		fmt.Fprintf(w, "  %-*s  %*s  %s\n", named, labels[i], wide, texts[i], bar(values[i], top, room))
	}
}

// bar is a bar in eighths of a character; one below zero is hatched.
func bar(value, top float64, room int) string {
	if top == 0 || value == 0 {
		return ""
	}
	eighths := max(1, int(math.Round(math.Abs(value)/top*float64(room)*8)))
	full, part := "█", []rune(" ▏▎▍▌▋▊▉")[eighths%8]
	if value < 0 {
		full, part = "░", []rune(" ░")[min(1, eighths%8)]
	}
	return strings.TrimRight(strings.Repeat(full, eighths/8)+string(part), " ")
}
