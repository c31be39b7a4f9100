package simulate

import (
	"testing"
	"time"
)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestDatesMove(t *testing.T) {
	cases := []struct{ name, own, to, text, want string }{
		{"a date", "2026-09-05", "2026-02-05", "2026-09-05", "2026-02-05"},
		{"a time keeps its clock", "2026-09-05", "2026-02-05", "2026-09-05T10:11:12.5+00:00", "2026-02-05T10:11:12.5+00:00"},
		{"an hour", "2026-09-05", "2026-02-05", "2026-09-05T10", "2026-02-05T10"},
		{"a space", "2026-09-05", "2026-02-05", "2026-09-05 00:00:00", "2026-02-05 00:00:00"},
		{"a month", "2026-09-05", "2026-02-05", "2026-09", "2026-02"},
		{"month, day, year", "2026-09-05", "2026-02-05", "09/06/26", "02/06/26"},
		{"the end of the 28th", "2026-09-28", "2026-02-28", "2026-09-29", "2026-03-01"},
		{"a week's end", "2026-09-28", "2027-02-28", "2026-10-05", "2027-03-07"},
		{"eight days are far", "2026-09-01", "2026-02-01", "2026-09-09", "2026-02-09"},
		{"a month's exclusive end", "2026-09-01", "2026-02-01", "2026-10-01", "2026-03-01"},
		{"a month's last day", "2026-09-01", "2026-02-01", "2026-09-30", "2026-02-28"},
		{"and in a longer month", "2026-09-01", "2026-10-01", "2026-09-30", "2026-10-31"},
		{"over a year's end", "2026-09-01", "2027-01-01", "2026-08-15", "2026-12-15"},
		{"within the month", "2026-09-05", "2026-09-07", "2026-09-06", "2026-09-08"},
		{"within the month, a far one", "2026-09-05", "2026-09-07", "2026-08-01", "2026-08-01"},
		{"not at all", "2026-09-05", "2026-09-05", "2026-08-31", "2026-08-31"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			d, ok := readDate(tc.text)
			if !ok {
				t.Fatalf("%s is no date", tc.text)
			}
			m := move{from: day(tc.own), to: day(tc.to)}
			m.months = int(monthOf(m.to) - monthOf(m.from))
			if got := string(m.append(nil, d)); got != tc.want {
				t.Errorf("%s became %s, want %s", tc.text, got, tc.want)
			}
		})
	}
}

func TestWhatIsNoDate(t *testing.T) {
	for _, s := range []string{"", "2026", "2026-9", "2026-13", "2026-02-30", "2026-09-01x", "x2026-09-01", "1026-09-01", "2026-09-01T", "13/01/26", "9/1/26", "202609"} {
		if d, ok := readDate(s); ok {
			t.Errorf("%q is read as %s", s, d.at)
		}
	}
}

func TestKinds(t *testing.T) {
	at := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	for name, text := range map[string]string{
		"date": "2026-09-01", "month": "2026-09", "hour": "2026-09-01T00", "time": "2026-09-01T00:00:00Z",
		"unix": "1788220800", "unix_ms": "1788220800000",
		"last_date": "2026-08-31", "last_month": "2026-08", "last_hour": "2026-08-31T23",
	} {
		got, err := kinds[name].parse(text)
		if err != nil || !got.Equal(at) {
			t.Errorf("%s: %s is %s (%v)", name, text, got, err)
		}
		if back := kinds[name].format(at); back != text {
			t.Errorf("%s: back is %s, want %s", name, back, text)
		}
		if _, err := kinds[name].parse("soon"); err == nil {
			t.Errorf("%s: %q is read", name, "soon")
		}
	}
}

func TestARangeWithOneEndIsAMonth(t *testing.T) {
	got := span{end: day("2026-10-01")}.closed()
	if !got.start.Equal(day("2026-09-01")) {
		t.Errorf("it starts at %s", got.start)
	}
	got = span{start: day("2026-09-01")}.closed()
	if !got.end.Equal(day("2026-10-01")) {
		t.Errorf("it ends at %s", got.end)
	}
}

func TestWithQuery(t *testing.T) {
	for _, tc := range []struct{ raw, set, want string }{
		{"", "", ""}, {"", "page=2", "?page=2"}, {"a=1&page=1&b=%20x", "page=2", "?a=1&b=%20x&page=2"},
		{"page%5Bn%5D=1&c", "page[n]=a b", "?c&page%5Bn%5D=a+b"}, {"a=1", "", "?a=1"}, {"%zz=1", "a=2", "?%zz=1&a=2"},
	} {
		if got := withQuery(tc.raw, tc.set); got != tc.want {
			t.Errorf("%q with %q is %q, want %q", tc.raw, tc.set, got, tc.want)
		}
	}
}
