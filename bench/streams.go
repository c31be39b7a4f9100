package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	smallStream = 10 << 20
	firstBytes  = 20 // streams that are opened for their first byte, in each round
)

// streamed is what a stream came to.
type streamed struct {
	bytes, lines int64
	first, took  time.Duration
	status       string // the trailer
}

func (s streamed) perSecond() float64 { return float64(s.bytes) / s.took.Seconds() }

// drain reads a body to its end, or its first byte alone.
func drain(ctx context.Context, client *http.Client, url string, firstOnly bool) (s streamed, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	began := time.Now()
	resp, err := get(ctx, client, url)
	if err != nil {
		return s, err
	}
	defer resp.Body.Close()
	buf := make([]byte, 256<<10)
	for {
		n, err := resp.Body.Read(buf)
		if n > 0 && s.bytes == 0 {
			s.first = time.Since(began)
			if firstOnly {
				return s, nil
			}
		}
		s.bytes += int64(n)
		s.lines += int64(bytes.Count(buf[:n], []byte{'\n'}))
		if err == io.EOF {
			break
		}
		if err != nil {
			return s, err
		}
	}
	s.took, s.status = time.Since(began), resp.Trailer.Get("Meterbridge-Status")
	return s, nil
}

// streams is P4: one answer of a gigabyte, as a stream of records.
func (b *bench) streams(ctx context.Context) error {
	up, err := b.serveSite(ctx)
	if err != nil {
		return err
	}
	defer up.stop()
	long, short := fmt.Sprintf("stream-%d", b.stream), fmt.Sprintf("stream-%d", smallStream)
	ten, rows := fmt.Sprintf("stream-%d", 10*b.stream), fmt.Sprintf("csv-%d", csvRows)
	house, err := b.serveGateway(ctx, up, account{id: long, connector: "confluent"}, account{id: short, connector: "confluent"},
		account{id: ten, connector: "confluent"}, account{id: rows, connector: "sumologic"})
	if err != nil {
		return err
	}
	defer house.stop()
	nginx, err := b.serveNginx(ctx, up)
	if err != nil {
		return err
	}
	defer nginx.stop()
	client := &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 4}}
	path := func(account string) string { return house.url() + b.unifiedStream(account) }

	time.Sleep(settle)
	idle, err := resident(house.cmd.Process.Pid)
	if err != nil {
		return err
	}
	small, err := b.memory(ctx, client, house, path(short), idle)
	if err != nil {
		return err
	}
	b.say("P4 10 MB: resident rises by %.1f MB", small)
	all := []contender{{"meterbridge", func() (float64, error) {
		s, err := drain(ctx, client, path(long), false)
		return s.perSecond(), err
	}}}
	if nginx != nil {
		all = append(all, contender{"nginx", func() (float64, error) {
			s, err := drain(ctx, client, nginx.url()+"/"+long+costsPath, false)
			return s.perSecond(), err
		}})
	}
	risen, err := b.memory(ctx, client, house, path(long), idle)
	if err != nil {
		return err
	}
	b.report.add("p4-memory", risen, "")
	b.say("P4 %d MB: resident rises by %.1f MB", b.stream>>20, risen)
	speeds, err := takeTurns(ctx, min(b.rounds, 3), all)
	if err != nil {
		return err
	}
	b.report.StreamSize = fmt.Sprintf("%d MB", b.stream/1e6)
	b.report.Stream = fmt.Sprintf("%.0f MB/s out of the gateway", median(speeds["meterbridge"])/1e6)
	if nginx != nil {
		b.report.add("p4-nginx", ratio(speeds["meterbridge"], speeds["nginx"]), "")
		b.report.Stream += fmt.Sprintf(", %.0f MB/s out of nginx", median(speeds["nginx"])/1e6)
	}
	b.say("P4 %s", b.report.Stream)
	if b.large {
		large, err := b.memory(ctx, client, house, path(ten), idle)
		if err != nil {
			return err
		}
		b.report.add("p4-growth", large-small, "")
		b.say("P4 ten times as much: resident rises by %.1f MB", large)
	}
	if err := b.firstBytes(ctx, client, path(short), nginx, "/"+short+costsPath); err != nil {
		return err
	}
	return b.table(ctx, client, house, up, rows)
}

// unifiedStream is the path of a stream of an account's whole month.
func (b *bench) unifiedStream(account string) string {
	return fmt.Sprintf("/unified/usage-metering/usage?integrated_account_id=%s&start_date=%s&end_date=%[2]s&truto_response_format=stream", account, b.month.Format("2006-01"))
}

// memory is by how many MB a process's peak lies above what it had when it was idle, while a stream passes through to its end.
func (b *bench) memory(ctx context.Context, client *http.Client, s *server, url string, idle int64) (float64, error) {
	if err := forgetPeak(s.cmd.Process.Pid); err != nil {
		return 0, err
	}
	got, err := drain(ctx, client, url, false)
	if err != nil {
		return 0, err
	}
	if got.status != "complete" {
		return 0, fmt.Errorf("the stream ended as %q", got.status)
	}
	peak, err := peakResident(s.cmd.Process.Pid)
	return float64(max(0, peak-idle)) / 1e6, err
}

// firstBytes compares how long the first byte takes.
func (b *bench) firstBytes(ctx context.Context, client *http.Client, url string, nginx *server, path string) error {
	if nginx == nil {
		return nil
	}
	first := func(url string) func() (float64, error) {
		return func() (float64, error) {
			s, err := drain(ctx, client, url, true)
			return s.first.Seconds(), err
		}
	}
	took, err := takeTurns(ctx, b.rounds*firstBytes, []contender{{"meterbridge", first(url)}, {"nginx", first(nginx.url() + path)}})
	if err != nil {
		return err
	}
	ours, theirs := median(took["meterbridge"]), median(took["nginx"])
	b.say("P4 first byte after %.2f ms, nginx %.2f ms", 1e3*ours, 1e3*theirs)
	b.report.add("p4-first", ours/theirs, "")
	return nil
}
