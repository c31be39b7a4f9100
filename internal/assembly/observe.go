package assembly

import (
	"context"
	"log/slog"
	"time"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/telemetry"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

// observer tells the metrics, the request's line and the log what upstream and proxy do.
type observer struct {
	*telemetry.Metrics
	log *slog.Logger
}

// exchange hears of each round trip with a provider.
func (o observer) exchange(ctx context.Context, connector string, e upstream.Exchange) {
	telemetry.LineOf(ctx).Upstream(e.Took)
	o.Upstream(connector, e.Status, e.Took, e.Waited)
	if e.Purpose == "token" {
		o.TokenAsked(connector, e.Status)
	}
	if o.log.Enabled(ctx, slog.LevelDebug) {
		o.log.DebugContext(ctx, "upstream", "connector", connector, "purpose", e.Purpose, "method", e.Method, "url", e.URL, "status", e.Status, "ms", e.Millis)
	}
}

func (o observer) flight(ctx context.Context, connector, outcome string) {
	switch outcome {
	case "retried":
		o.Retried(connector)
		return
	case "joined":
		telemetry.LineOf(ctx).Joined()
	}
	o.Flight(connector, outcome)
}

func (o observer) MappingFailed(connector, resource string) { o.MappingError(connector, resource) }

func (o observer) Mapped(connector, resource string, ran mapping.Ran, took time.Duration) {
	o.Metrics.Mapped(connector, resource, "compiled", ran.Compiled)
	o.Metrics.Mapped(connector, resource, "bailed", ran.Bailed)
	o.Metrics.Mapped(connector, resource, "interpreted", ran.Interpreted)
	o.Mapping(connector, resource, took)
}

func (o observer) CursorOpened(outcome string) {
	if outcome == "ok" {
		o.Metrics.CursorOpened()
	} else {
		o.CursorStale()
	}
}

// countAccounts counts the accounts of each connector by their status, for a scrape.
func (h *House) countAccounts(states *account.States) func(show func(connector, status string, n int)) {
	type kind struct {
		connector string
		status    account.Status
	}
	return func(show func(connector, status string, n int)) {
		counts := map[kind]int{}
		if h.stored != nil { // they may be many
			_ = h.stored.Count(context.Background(), func(connector string, status account.Status, n int) { show(connector, string(status), n) })
			return
		}
		err := account.All(context.Background(), h.Accounts, account.Query{}, func(a *account.Account) bool {
			counts[kind{a.Connector, states.Get(a.ID).Status}]++
			return true
		})
		if err != nil {
			return // no figure is better than a wrong one
		}
		for k, n := range counts {
			show(k.connector, string(k.status), n)
		}
	}
}
