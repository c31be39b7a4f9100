package worker

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meterbridge/meterbridge/internal/jq"
)

// FuzzFrames reads what the other side may have written: nothing is taken that is longer than it may be, and whatever a frame
// holds is read as what it was written as, or refused.
func FuzzFrames(f *testing.F) {
	program := &Program{Text: ".", Def: "usage", Each: "$base", Vars: []string{"$query"}, Libs: []jq.Source{{File: "a.jq", Text: "def a: 1;"}}}
	for _, build := range []func([]byte) []byte{
		func(b []byte) []byte { return appendProgram(b, program) },
		(&run{time.Second, [][]byte{[]byte(`{"a":1}`), nil}}).append,
		(&answer{outs: [][][]byte{{[]byte("1")}, nil}, spent: true}).append,
		(&answer{err: errors.New("x")}).append, (&answer{err: tooSlow(time.Second)}).append, (&answer{err: errFrame}).append,
	} {
		f.Add(appendFrame(nil, answerFrame, build))
	}
	f.Add([]byte{'a', 0xff, 0xff, 0xff, 0xff, 1})
	f.Add(appendFrame(nil, runFrame, func(b []byte) []byte {
		return append(b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1)
	}))
	f.Fuzz(func(t *testing.T, in []byte) {
		const most = 1 << 10
		for r := bytes.NewReader(in); ; {
			kind, body, err := readFrame(r, nil, most)
			if err != nil {
				return
			}
			if len(body) > most {
				t.Fatalf("a frame of %d bytes", len(body))
			}
			if again := appendFrame(nil, kind, func(b []byte) []byte { return append(b, body...) }); !bytes.Contains(in, again) {
				t.Fatalf("%q is no frame of %q", again, in)
			}
			if p, err := readProgram(body); err == nil {
				if back, err := readProgram(appendProgram(nil, p)); err != nil || !reflect.DeepEqual(back, p) {
					t.Fatalf("%+v, %v, want %+v", back, err, p)
				}
			}
			if r, err := readRun(body); err == nil {
				if back, err := readRun(r.append(nil)); err != nil || len(back.each) != len(r.each) || back.budget != r.budget {
					t.Fatalf("%+v, %v, want %+v", back, err, r)
				}
			}
			for asked := range 3 {
				a, err := readAnswer(body, asked)
				if err != nil {
					continue
				}
				back, err := readAnswer(a.append(nil), asked)
				if err != nil || len(back.outs) != len(a.outs) || len(a.outs) > asked || !reflect.DeepEqual(back.err, a.err) || back.spent != a.spent {
					t.Fatalf("%+v, %v, want %+v", back, err, a)
				}
			}
		}
	})
}

// FuzzServe is a worker that hears anything: it answers in frames of its own, or hears no more. Its program is given, for
// nobody bounds this process.
func FuzzServe(f *testing.F) {
	frame := func(b []byte, kind frameKind, body ...byte) []byte {
		return appendFrame(b, kind, func(b []byte) []byte { return append(b, body...) })
	}
	item := frame(nil, itemFrame, []byte(`{"a":1}`)...)
	good := appendFrame(item, runFrame, (&run{time.Second, [][]byte{[]byte(`{"n":2}`)}}).append)
	f.Add(good)
	f.Add(append(frame(bytes.Clone(good), rootsFrame, 1, 0), good...))
	f.Add(append(frame(nil, itemFrame, '{'), good...))
	f.Add(frame(nil, 'z'))
	first := appendFrame(nil, programFrame, func(b []byte) []byte {
		return appendProgram(b, &Program{Text: "{a, b: $base.n?}", Each: "$base"})
	})
	first = frame(first, rootsFrame, 0)
	f.Fuzz(func(t *testing.T, in []byte) {
		if bytes.IndexByte(in, byte(programFrame)) >= 0 {
			return
		}
		var out bytes.Buffer
		_ = new(server).serve(io.MultiReader(bytes.NewReader(first), bytes.NewReader(in)), &out)
		for n := 0; out.Len() > 0; n++ {
			kind, body, err := readFrame(&out, nil, MaxAnswer)
			if err != nil || n == 0 && kind != readyFrame || n > 0 && kind != answerFrame {
				t.Fatalf("%c, %v", kind, err)
			}
			if n > 0 {
				asked := 0
				for ; asked < len(in)+1; asked++ {
					if _, err := readAnswer(body, asked); err == nil {
						break
					}
				}
				if asked > len(in) && !strings.Contains(string(body), errFrame.Error()) {
					t.Fatalf("%q answers nothing", body)
				}
			}
		}
	})
}

func TestFramesAreBounded(t *testing.T) {
	for _, most := range []int{0, 1000, 3 << 20} {
		whole := func(n int) []byte {
			return appendFrame(nil, itemFrame, func(b []byte) []byte { return append(b, make([]byte, n)...) })
		}
		if kind, body, err := readFrame(bytes.NewReader(whole(most)), nil, most); err != nil || kind != itemFrame || len(body) != most {
			t.Errorf("at %d: %v", most, err)
		}
		if _, _, err := readFrame(bytes.NewReader(whole(most+1)), nil, most); !errors.Is(err, errFrame) {
			t.Errorf("past %d: %v", most, err)
		}
		if most > 0 {
			if _, _, err := readFrame(bytes.NewReader(whole(most)[:most]), nil, most); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("cut short: %v", err)
			}
		}
	}
}

// TestRequestsAndAnswersAreBounded: what is larger is an error of the item, and the worker's next is served.
func TestRequestsAndAnswersAreBounded(t *testing.T) {
	p := newPool(t)
	text := func(n int) string { return `"` + strings.Repeat("a", n-2) + `"` }
	length := expression(`utf8bytelength`)
	if got, err := one(t, p, length, text(MaxRequest), ""); (err != nil || got != "16777214") && !raceEnabled { // whose memory is more than a worker has
		t.Errorf("a request at the limit: %s, %v", got, err)
	}
	if _, err := one(t, p, length, text(MaxRequest+1), ""); !errors.Is(err, jq.ErrBudget) {
		t.Errorf("past it: %v", err)
	}
	same := expression(`.`)
	if got, err := one(t, p, same, text(maxOutput), ""); err != nil || len(got) != maxOutput {
		t.Errorf("an answer at the limit: %d bytes, %v", len(got), err)
	}
	if _, err := one(t, p, same, text(maxOutput+1), ""); !errors.Is(err, jq.ErrBudget) {
		t.Errorf("past it: %v", err)
	}
	half := []byte(text(maxOutput / 2))
	for n, want := range map[int]bool{2: true, 3: false} { // each in a request of its own, for its size
		outs, err := p.Session(expression(`$base`)).Run(t.Context(), 10*time.Second, []byte("1"), slices.Repeat([][]byte{half}, n))
		if (err == nil) != want || !want && (!errors.Is(err, jq.ErrBudget) || len(outs) != 2) {
			t.Errorf("%d answers: %d, %v", n, len(outs), err)
		}
	}
	if got, err := one(t, p, same, "1", ""); err != nil || got != "1" {
		t.Errorf("afterwards: %s, %v", got, err)
	}
}
