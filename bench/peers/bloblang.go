package main

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"os"

	"github.com/redpanda-data/benthos/v4/public/bloblang"

	"github.com/meterbridge/meterbridge/bench/worker"
)

//go:embed *.blobl
var mappings embed.FS

func bloblangWorker(mapping, pageFile, lookups string) error {
	text, err := mappings.ReadFile(mapping + ".blobl")
	if err != nil {
		return err
	}
	exe, err := bloblang.Parse(string(text))
	if err != nil {
		return fmt.Errorf("parsing %s.blobl: %w", mapping, err)
	}
	page, err := os.ReadFile(pageFile)
	if err != nil {
		return err
	}
	var names any
	if err := json.Unmarshal([]byte(lookups), &names); err != nil {
		return fmt.Errorf("reading the lookups: %w", err)
	}
	return worker.Serve(os.Stdin, os.Stdout, page, func(dst, page []byte) ([]byte, error) {
		var in map[string]any
		if err := json.Unmarshal(page, &in); err != nil {
			return dst, err
		}
		in["lookups"] = names
		out, err := exe.Query(in)
		if err != nil {
			return dst, err
		}
		b := bytes.NewBuffer(dst)
		e := json.NewEncoder(b)
		e.SetEscapeHTML(false)
		err = e.Encode(out)
		return b.Bytes(), err
	})
}
