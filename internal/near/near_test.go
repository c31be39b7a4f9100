package near

import (
	"strings"
	"testing"
)

func TestWord(t *testing.T) {
	known := []string{"limit", "start_date", "end_date", "truto_key_by", "id"}
	for word, want := range map[string]string{
		"limt": "limit", "Limit": "limit", "lmiit": "limit", "startdate": "start_date", "end-date": "end_date", "key_by": "",
		"x": "", "": "", "if": "id", "nothing like it": "", strings.Repeat("limit", 1000): "",
	} {
		if got := Word(word, known); got != want {
			t.Errorf("Word(%.20q) = %q, want %q", word, got, want)
		}
	}
	if Word("x", nil) != "" || Any("x", nil) != "" {
		t.Error("a word is near nothing")
	}
	if got := Any("memroy", []string{"redis", "memory"}); got != "memory" {
		t.Errorf("Any gives %q", got)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "abc", 3}, {"kitten", "sitting", 3}, {"ab", "ba", 1}, {"same", "same", 0}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
