package house

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/money"
)

// texts are dates, nearly dates, and what is none.
var texts = []string{
	"2026-01-31", "2026-01", "20260131", "2026-01-31T10:20:30Z", "2026-01-31T10:20:30.678901Z", "2026-01-31T23:20:30+01:30", "2026-01-31 10:20:30",
	"2026-01-31 10:20:30.5", "2026-01-31 10:20:30.5+02:00", "2026-01-31T10", "2026-01-31T10:20", "2026-01-31T10Z", "2026-01-31T10-03:00", "2026-01-31T10:20Z",
	"2026-01-31 10", "2026-01-31 10:20", "2026-01-31T10:20:30", "2026-01-31T10:20:30.123456789123", "2026-01-31T1:20:30Z", "2026-01-31T10:20:30,5Z",
	"2026-01-31T10:20:30+24:00", "2026-01-31T10:20:30+23:60", "2026-01-31T10:20:30.Z", "2026-01-31T10:20:30+0100", "2026-01-31T10:20:30z",
	"2028-02-29", "2026-02-29", "1900-02-29", "2000-02-29", "2026-04-31", "2026-13-01", "2026-00-01", "2026-01-00", "0001-01-01", "0000-12-31",
	"9999-12-31T23:59:59Z", "9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+05:00", "0001-01-01T00:30:00.5Z", "1969-12-31T23:59:59.5Z", "2026-01-31T24:00:00Z",
	"2026-01-31T10:60:00Z", "2026-01-31T10:20:60Z", "2026-01-31T10:20:30ZZ", "2026-01-31T", "2026-01-31x", "2026-01-", "2026-1-1", "today", "", "+026-01-31",
	"2026-01-31T10:20:30-00:00", "2026-01-31T10:20:3.Z", "2026-01-31T10:20:30é",
}

// check compares everything that the house does with a date with what package time makes of it.
func check(t *testing.T, s, other string, n int) {
	t.Helper()
	d, ok := ParseDate(s)
	at, want := oracleParse(s)
	if ok != want || ok && !d.Time().Equal(at) {
		t.Fatalf("%q is %v %v, want %v %v", s, d.Time(), ok, at, want)
	}
	if e, ok := ParseMDY(s); true {
		if at, want := oracleMDY(s); ok != want || ok && !e.Time().Equal(at) {
			t.Fatalf("%q as MM/DD/YY is %v %v, want %v %v", s, e.Time(), ok, at, want)
		}
	}
	if e, ok := ParseEight(s); true {
		if at, err := time.Parse("20060102", s); ok != (err == nil && at.Year() > 0) || ok && !e.Time().Equal(at) {
			t.Fatalf("%q as YYYYMMDD is %v %v, want %v %v", s, e.Time(), ok, at, err)
		}
	}
	if !ok {
		if b, ok := Forms["date"].AppendText(nil, s); ok || front(s) > 0 {
			t.Fatalf("%q is no date, and written as %s", s, b)
		}
		return
	}
	if whole := string(d.Append(nil)); front(s) > 0 != (whole == s || whole == s+midnightEnd) {
		t.Fatalf("%q is the front of a date up to %d", s, front(s))
	}
	for name, f := range Forms {
		if got, want := string(f.Append([]byte("x"), d)), "x"+oracleWays[name](at); got != want {
			t.Fatalf("%q | %s is %s, want %s", s, name, got, want)
		}
		if got, ok := f.AppendText([]byte("x"), s); !ok || string(got) != "x"+oracleWays[name](at) {
			t.Fatalf("%q | %s is %s, as a text, want %s", s, name, got, oracleWays[name](at))
		}
		if n := f.Within(s); n > 0 && s[:n] != oracleWays[name](at) {
			t.Fatalf("%q | %s is not its front", s, name)
		}
	}
	if got, want := fmt.Sprint(Parts["year"](d), Parts["month_number"](d), Parts["day_number"](d), d.Unix(), d.UnixMilli()),
		fmt.Sprint(at.Year(), int(at.Month()), at.Day(), at.Unix(), at.UnixMilli()); got != want {
		t.Fatalf("%q has the parts %s, want %s", s, got, want)
	}
	n %= MaxStep + 1
	for name, step := range Steps {
		got, ok := step.From(d, n)
		if want := oracleSteps[name](at, n); ok != (want.Year() >= 1 && want.Year() <= 9999) || ok && string(got.Append(nil)) != want.Format(RFC3339) {
			t.Fatalf("%q | %s(%d) is %v %v, want %v", s, name, n, got.Time(), ok, want)
		}
	}
	day := 1 + max(n, -n)%31
	if got, ok := CycleStart(d, day); true {
		if want := oracleCycle(at, day); ok != (want.Year() >= 1) || ok && !got.Time().Equal(want) {
			t.Fatalf("%q | cycle_start(%d) is %v %v, want %v", s, day, got.Time(), ok, want)
		}
	}
	end, ok := ParseDate(other)
	until, _ := oracleParse(other)
	if !ok {
		return
	}
	first, count, ok := Months(d, end)
	var list []string
	for i := range count {
		list = append(list, string(AppendMonth(nil, first, i)))
	}
	if want, can := oracleMonths(at, until); ok != can || ok && strings.Join(list, " ") != strings.Join(want, " ") {
		t.Fatalf("months from %q to %q are %q %v, want %q %v", s, other, list, ok, want, can)
	}
}

func TestDatesAreThoseOfTime(t *testing.T) {
	for i, s := range texts {
		for j, other := range texts {
			check(t, s, other, (i*53+j)*7919-MaxStep)
		}
	}
	for day := int64(-800_000); day < 3_000_000; day++ {
		at := time.Unix(day*daySeconds, 0).UTC()
		y, m, d := civil(day)
		if y != at.Year() || m != int(at.Month()) || d != at.Day() || days(y, m, d) != day {
			t.Fatalf("day %d is %d-%d-%d, and %d, want %v", day, y, m, d, days(y, m, d), at)
		}
		if m != int(at.AddDate(0, 0, 1).Month()) != (d == lastOfMonth(y, m)) {
			t.Fatalf("%d-%d ends on the %d", y, m, lastOfMonth(y, m))
		}
	}
}

func FuzzDates(f *testing.F) {
	for i, s := range append(texts, "1/2/26", "01/31/2026", "02/30/26", "1/2/26/", "/1/26", "12/31/0000", "1/1/00") {
		f.Add(s, texts[i%len(texts)], i*1000)
	}
	f.Fuzz(check)
}

func TestMonthsAtTheLimit(t *testing.T) {
	start, _ := ParseDate("1900-01-31")
	end, _ := ParseDate("2000-01-01")
	if _, n, ok := Months(start, end); n != MaxMonths || !ok {
		t.Errorf("%d months, %v", n, ok)
	}
	if _, _, ok := Months(start, Date{end.sec, 1}); ok {
		t.Error("one past the limit")
	}
}

func FuzzEpochs(f *testing.F) {
	for _, s := range []string{"0", "-0.5", "-1", "1767225600.999", "253402300799", "253402300800", "-62135596800", "-62135596801", "1e30", "1e-900", "-1e-900",
		"281474976710656", "281474976710657", "-281474976710656.5", "12345678901234567890.5", "-12345678901234567890.5", "0e900", "9223372036854775807", "-9223372036854775808"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := money.Parse(s)
		if err != nil {
			return
		}
		for name, e := range Epochs {
			got, ok := e.At(d)
			if want, can := oracleEpoch(d, oracleEpochs[name]); ok != can || ok && string(got.Append(nil)) != want.Format(RFC3339) {
				t.Fatalf("%s | %s is %v %v, want %v %v", s, name, got.Time(), ok, want, can)
			}
		}
	})
}

func BenchmarkParseDate(b *testing.B) {
	for _, s := range []string{"2026-01-31", "2026-01-31T10:20:30Z", "2026-01-31T10:20:30.678901+01:00"} {
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := ParseDate(s); !ok {
					b.Fatal(s)
				}
			}
		})
	}
}

func TestCanonical(t *testing.T) {
	for s, want := range map[string]bool{
		"2026-01-31T00:00:00Z": true, "2024-02-29T23:59:59Z": true, "0001-01-01T00:00:00Z": true, "9999-12-31T00:00:00Z": true,
		"": false, "2026-01-31": false, "2026-01-31 00:00:00Z": false, "2026-02-29T00:00:00Z": false, "2026-01-31T24:00:00Z": false, "2026-01-31T00:60:00Z": false,
		"2026-01-31T00:00:60Z": false, "2026-01-31T00:00:00z": false, "0000-01-01T00:00:00Z": false, "2026-13-01T00:00:00Z": false, "2026-01-31T00:00:00.Z": false,
		"2026-01-31T00:0000:Z": false, "2026-1-031T00:00:00Z": false, "2026-01-31T00-00-00Z": false,
	} {
		if got := Canonical(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}
