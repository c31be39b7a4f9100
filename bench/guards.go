package main

import (
	"context"
	"fmt"
)

// guardRecords are the records of the page that guards are measured with.
const guardRecords = 100

// guards is P6: what a page takes of a core in the gateway beside itself without what guards it. gatewayVerb says what each kind is without.
func (b *bench) guards(ctx context.Context) error {
	if !b.has("wrk") {
		return nil
	}
	up, err := b.serveSite(ctx)
	if err != nil {
		return err
	}
	defer up.stop()
	path := b.unified("100r", guardRecords, "&remote_query[n]=")
	var routes []route
	for _, kind := range []string{kindHouse, kindUnguarded, kindBare} {
		addr, file, err := b.configure(up, account{id: "100r", connector: "confluent"})
		if err != nil {
			return err
		}
		s, err := b.serve(ctx, kind, addr, "/readyz", nil, b.self, "gateway", kind, file, "-")
		if err != nil {
			return err
		}
		defer s.stop()
		routes = append(routes, route{name: kind, server: s, path: path, form: "records"})
	}
	if err := agree(ctx, routes); err != nil {
		return err
	}
	var all []contender
	for _, r := range routes {
		all = append(all, contender{r.name, func() (float64, error) {
			l, err := b.load(ctx, r.server, r.path, 8, 3*b.slice)
			return l.perCore, err
		}})
	}
	speeds, err := takeTurns(ctx, b.rounds, all)
	if err != nil {
		return err
	}
	cost := ratio(speeds[kindUnguarded], speeds[kindHouse]) - 1
	b.report.add("p6-guards", cost, "")
	b.report.Guards = fmt.Sprintf("%.0f pages a second of a core with all guards, %.0f without those that can be left out, %.0f of the bare mapping behind net/http",
		median(speeds[kindHouse]), median(speeds[kindUnguarded]), median(speeds[kindBare]))
	b.say("P6 %s", b.report.Guards)
	return nil
}
