package simulate

import (
	"strconv"
	"strings"
	"time"
)

// clockText says whether a placeholder is the clock's: {now:KIND} or, so many seconds ahead, {now+60:KIND}.
func clockText(name, arg string) bool {
	_, known := kinds[arg]
	now, ahead, later := strings.Cut(name, "+")
	return known && now == "now" && (!later || ahead != "")
}

// clockValue is what such a placeholder stands for at a moment.
func clockValue(now time.Time, name, arg string) string {
	_, ahead, _ := strings.Cut(name, "+")
	n, _ := strconv.Atoi(ahead) // digits, by the placeholder's form, and none are 0
	return kinds[arg].format(now.Add(time.Duration(n) * time.Second))
}
