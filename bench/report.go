package main

import (
	"context"
	"encoding/json"
	"time"
)

// report is all that a run found.
type report struct {
	Figures []figure
	Mapping []mapped
	Pages   []served
	Stream  string
	Guards  string
	Machine []string
	Missing map[string]string
	Took    time.Duration
}

func count(b []byte) int             { var a []any; _ = json.Unmarshal(b, &a); return len(a) }
func (r *report) write(string) error { return nil }
func machine(*bench) []string        { return nil }

func (b *bench) profileGateway(context.Context, *server) error { return nil }
