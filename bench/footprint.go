package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"
)

const (
	starts     = 10
	idleStream = 1000 // streams that wait for their provider
	callsEach  = 4    // of them on one account: of its eight calls half may be streams
	hostsEach  = 32   // of them at one host: of its 64 calls half may be streams
	settle     = 2 * time.Second
)

// footprint is P7: what the gateway takes to start, and while it does nothing.
func (b *bench) footprint(ctx context.Context) error {
	info, err := os.Stat(b.gateway)
	if err != nil {
		return err
	}
	b.report.add("p7-binary", float64(info.Size())/1e6, "")
	up, err := b.serveSite(ctx)
	if err != nil {
		return err
	}
	defer up.stop()
	var took []float64
	var house *server
	for range starts {
		house.stop()
		if house, err = b.serveGateway(ctx, up, b.idleAccounts(up)...); err != nil {
			return err
		}
		took = append(took, float64(house.took.Milliseconds()))
	}
	defer house.stop()
	b.report.add("p7-start", median(took), "")
	time.Sleep(settle)
	idle, err := resident(house.cmd.Process.Pid)
	if err != nil {
		return err
	}
	b.report.add("p7-idle", float64(idle)/(1<<20), "")
	each, err := b.idleStreams(ctx, house, idle)
	if err != nil {
		return err
	}
	b.report.add("p7-stream", each/(1<<10), "")
	b.say("P7 ready after %.0f ms, binary %.1f MB, idle %.1f MiB, %.0f KiB a stream", median(took), float64(info.Size())/1e6, float64(idle)/(1<<20), each/(1<<10))
	return nil
}

// idleAccounts spread the streams over accounts and hosts.
func (b *bench) idleAccounts(up *server) (all []account) {
	port := up.addr[len("127.0.0.1:"):]
	for i := range idleStream / callsEach {
		all = append(all, account{id: fmt.Sprintf("idle-%d", i), connector: "confluent", host: siteHost(i*callsEach/hostsEach) + ":" + port})
	}
	return all
}

// idleStreams is by how many bytes the process grows with each stream that waits.
func (b *bench) idleStreams(ctx context.Context, house *server, idle int64) (float64, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	errs := make(chan error, idleStream)
	var open sync.WaitGroup
	for i := range idleStream {
		open.Go(func() {
			// Each makes a call of its own: those who ask for the same at a time share one, and its end.
			path := fmt.Sprintf("%s&remote_query[n]=%d", b.unifiedStream(fmt.Sprintf("idle-%d", i/callsEach)), i)
			resp, err := get(ctx, client, house.url()+path)
			if err == nil {
				context.AfterFunc(ctx, func() { resp.Body.Close() })
				_, err = resp.Body.Read(make([]byte, 1))
			}
			errs <- err
		})
	}
	open.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return 0, err
		}
	}
	time.Sleep(settle)
	with, err := resident(house.cmd.Process.Pid)
	return float64(with-idle) / idleStream, err
}
