package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// latency is how late the provider of a walk answers.
const latency = 100 * time.Millisecond

// walks is P5: how long a walk takes beside the sum of the latencies of its calls.
func (b *bench) walks(ctx context.Context) error {
	up, err := b.serveSite(ctx)
	if err != nil {
		return err
	}
	defer up.stop()
	cursor, windows := fmt.Sprintf("walk-%d", latency.Milliseconds()), fmt.Sprintf("windows-%d", latency.Milliseconds())
	house, err := b.serveGateway(ctx, up, account{id: cursor, connector: "confluent"}, account{id: windows, connector: "datadog"})
	if err != nil {
		return err
	}
	defer house.stop()
	sum := walkPages * latency
	for _, w := range []struct {
		key, name, path string
		records         int64
	}{
		{"p5-cursor", "pages by cursor", b.unifiedStream(cursor), walkPages * walkItems},
		{"p5-windows", "windows of a range", fmt.Sprintf("/unified/usage-metering/usage?integrated_account_id=%s&start_date=%s&end_date=%s&granularity=hour&truto_response_format=stream",
			windows, b.month.Format(time.DateOnly), b.month.AddDate(0, 0, walkPages-1).Format(time.DateOnly)), walkPages},
	} {
		// What is looked up once and kept is no part of the walk.
		if _, err := drain(ctx, http.DefaultClient, house.url()+w.path+"&limit=1&remote_query[n]=warm", false); err != nil {
			return err
		}
		var took []float64
		for range min(b.rounds, 3) {
			s, err := drain(ctx, http.DefaultClient, house.url()+w.path, false)
			if err != nil {
				return err
			}
			if s.lines != w.records || s.status != "complete" {
				return fmt.Errorf("%s: %d records, want %d; the stream ended as %q", w.name, s.lines, w.records, s.status)
			}
			took = append(took, s.took.Seconds()/sum.Seconds())
		}
		b.report.add(w.key, median(took), "")
		b.say("P5 %s: %.2f of the sum of latencies", w.name, median(took))
	}
	return nil
}
