package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/meterbridge/meterbridge/bench/shapes"
)

// csvRows are a report's: enough for gojq to take its time.
const csvRows = 2_000

// table is the same report's rows through the gateway, and through encoding/csv and gojq in this process.
func (b *bench) table(ctx context.Context, client *http.Client, house, up *server, account string) error {
	shape := shapes.SumoLogic(b.month)
	var records int64
	speeds, err := takeTurns(ctx, min(b.rounds, 3), []contender{
		{"meterbridge", func() (float64, error) {
			s, err := drain(ctx, client, house.url()+b.unifiedStream(account), false)
			if err == nil && s.status != "complete" {
				err = fmt.Errorf("the stream ended as %q", s.status)
			}
			if records != 0 && records != s.lines {
				err = errors.Join(err, fmt.Errorf("%d records, gojq makes %d", s.lines, records))
			}
			records = s.lines
			return float64(s.lines) / (s.took - s.first).Seconds(), err // before its first byte it waits for the report
		}},
		{"gojq", func() (float64, error) {
			began := time.Now()
			n, err := tableByGojq(ctx, client, up.url()+"/"+account+"/file.csv", shape)
			if records != 0 && records != n {
				err = errors.Join(err, fmt.Errorf("%d records, the gateway makes %d", n, records))
			}
			return float64(n) / time.Since(began).Seconds(), err
		}},
	})
	if err != nil {
		return err
	}
	b.report.add("p4-csv", ratio(speeds["meterbridge"], speeds["gojq"]), "")
	b.say("P4 CSV: %.0f records/s, encoding/csv and gojq %.0f", median(speeds["meterbridge"]), median(speeds["gojq"]))
	return nil
}

// tableByGojq reads a table as most do: encoding/csv, an object of each row, gojq.
func tableByGojq(ctx context.Context, client *http.Client, url string, shape shapes.Shape) (n int64, err error) {
	resp, err := get(ctx, client, url)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	o, err := newOurs(shape, true)
	if err != nil {
		return 0, err
	}
	rows := csv.NewReader(resp.Body)
	rows.ReuseRecord = true
	header, err := rows.Read()
	if err != nil {
		return 0, err
	}
	names := append([]string(nil), header...)
	item := map[string]string{}
	for {
		row, err := rows.Read()
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		for i, cell := range row {
			item[names[i]] = cell
		}
		text, err := json.Marshal(item)
		if err != nil {
			return n, err
		}
		o.runner.Scan(text, 0, true)
		o.batch.Reset()
		if err := o.runner.Emit(&o.batch); err != nil {
			return n, err
		}
		n += int64(o.batch.Len())
	}
}
