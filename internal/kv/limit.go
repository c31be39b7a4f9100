package kv

import (
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
