package kv

import (
	"context"
	"time"
)

// Rate is how many requests may be made in each period: all of them at once after a pause, then evenly. The zero is no limit.
type Rate struct {
	Requests int
	Per      time.Duration
}

const (
	// MaxRate bounds the requests of a Rate.
	MaxRate = 1_000_000
	// MaxRatePer bounds its period.
	MaxRatePer = 24 * time.Hour
)

// IsZero says whether there is no limit.
func (r Rate) IsZero() bool { return r.Requests == 0 }

// Limiter counts requests. Both stores are one.
type Limiter interface {
	// Take takes one request from each bucket, each on its own: one that is empty does not give back what another gave. The
	// answers stand in the order of the buckets.
	Take(ctx context.Context, buckets ...Bucket) ([]Taken, error)
}

// Bucket is what requests are counted in, and how fast it fills.
type Bucket struct {
	Key  string
	Rate Rate // not zero
}

// Taken is what a bucket gave.
type Taken struct {
	OK        bool
	Remaining int           // requests that could be made now
	Reset     time.Duration // until the bucket is full
	Retry     time.Duration // until it has one again, where it had none
}

// step is how long a bucket takes for one request, in microseconds, the finest that Redis tells the time in. It is rounded
// up: a rate is never passed.
func (r Rate) step() int64 {
	n := int64(max(r.Requests, 1))
	return max(1, (r.Per.Microseconds()+n-1)/n)
}

// full is how long an empty bucket takes.
func (r Rate) full() int64 { return r.step() * int64(max(r.Requests, 1)) }

// The algorithm is GCRA. A bucket is one number, the moment at which it will be full: each request moves it a step into the
// future, and one that would move it further than an empty bucket takes is refused.

// taken is the answer of a bucket that is full after debt, in microseconds.
func (r Rate) taken(ok bool, debt int64) Taken {
	t := Taken{OK: ok, Reset: time.Duration(debt) * time.Microsecond}
	if room := r.full() - debt; ok {
		t.Remaining = int(max(0, room) / r.step())
	} else {
		t.Retry = time.Duration(max(0, r.step()-room)) * time.Microsecond
	}
	return t
}

// take is what gcra in Lua does, for a bucket in memory: at and now are in microseconds.
func (r Rate) take(at, now int64) (next int64, t Taken) {
	at = min(max(at, now), now+r.full()) // a rate that was lowered, a clock that was set
	if at-now > r.full()-r.step() {
		return at, r.taken(false, at-now)
	}
	at += r.step()
	return at, r.taken(true, at-now)
}

// gcra is take where Redis keeps the bucket and tells the time, which replicas of the gateway may not agree on.
const gcra = `
local step, full = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local at = tonumber(redis.call('GET', KEYS[1]) or now)
at = math.min(math.max(at, now), now + full)
if at - now > full - step then
  return {0, at - now}
end
at = at + step
redis.call('SET', KEYS[1], string.format('%.0f', at), 'PX', math.ceil((at - now) / 1000))
return {1, at - now}
`
