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
	Machine []string
	Missing map[string]string
	Took    time.Duration
}

func count(b []byte) int                           { var a []any; _ = json.Unmarshal(b, &a); return len(a) }
func (r *report) write(string) error               { return nil }
func machine(*bench) []string                      { return nil }
func upstreamVerb(context.Context, []string) error { return nil }
func gatewayVerb(context.Context, []string) error  { return nil }
func (b *bench) pages(context.Context) error       { return nil }
func (b *bench) streams(context.Context) error     { return nil }
func (b *bench) walks(context.Context) error       { return nil }
func (b *bench) guards(context.Context) error      { return nil }
func (b *bench) footprint(context.Context) error   { return nil }
