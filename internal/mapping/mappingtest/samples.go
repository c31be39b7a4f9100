package mappingtest

import (
	"bytes"
	"io/fs"

	"github.com/meterbridge/meterbridge/internal/record"
)

// sample is what one source of records sends.
type sample struct {
	shape *shape
	items []*doc
}

// maxSampled bounds the items of a sample, and their bytes.
const (
	maxSampled      = 40
	maxSampledBytes = 4 << 10
)

// samples reads the items of cassettes: the elements of each array of objects in what a provider answers.
func samples(cassettes fs.FS) ([]*sample, error) {
	files, err := fs.Glob(cassettes, "*.txtar")
	if err != nil {
		return nil, err
	}
	var all []*sample
	for _, file := range files {
		text, err := fs.ReadFile(cassettes, file)
		if err != nil {
			return nil, err
		}
		for _, body := range bytes.Split(text, []byte("\n\n"))[1:] {
			end, st := record.Scan(body, record.SkipSpace(body, 0), true)
			if st != record.Done {
				continue
			}
			for _, v := range parse(body[:end]).all(nil) {
				if s := sampled(v); s != nil {
					all = append(all, s)
				}
			}
		}
	}
	return all, nil
}

// sampled is the sample that an array holds, nil where it holds none.
func sampled(list *doc) *sample {
	if list.kind != array || len(list.kids) == 0 {
		return nil
	}
	s := &sample{shape: &shape{}}
	for _, item := range list.kids[:min(len(list.kids), maxSampled)] {
		if item.kind != object || len(item.kids) < 3 || len(item.String()) > maxSampledBytes {
			return nil
		}
		s.shape.learn(item, false)
		s.items = append(s.items, item)
	}
	return s
}
