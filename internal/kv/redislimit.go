package kv

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

var gcraScript = redis.NewScript(gcra)

// Take implements Limiter in one round trip, and in a second one where the server has forgotten the script. The keys of a
// call may lie on different nodes of a cluster, which is why buckets are taken from one by one.
func (r *Redis) Take(ctx context.Context, buckets ...Bucket) ([]Taken, error) {
	for _, b := range buckets {
		if err := checkKey(b.Key); err != nil {
			return nil, err
		}
	}
	out := make([]Taken, len(buckets))
	err := r.call(ctx, "counting in redis", func(ctx context.Context) error {
		forgotten, err := r.take(ctx, buckets, out, nil)
		if err == nil && len(forgotten) > 0 {
			_, err = r.take(ctx, buckets, out, forgotten)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// take runs the script for each bucket by its hash, or by its text for those that only names. It gives those whose server
// does not know the hash.
func (r *Redis) take(ctx context.Context, buckets []Bucket, out []Taken, only []int) (forgotten []int, err error) {
	pipe := r.client.Pipeline()
	run, byText := gcraScript.EvalSha, only != nil
	if byText {
		run = gcraScript.Eval
	} else {
		for i := range buckets {
			only = append(only, i)
		}
	}
	cmds := make([]*redis.Cmd, len(only))
	for n, i := range only {
		b := buckets[i]
		cmds[n] = run(ctx, pipe, []string{prefix + b.Key}, b.Rate.step(), b.Rate.full())
	}
	_, _ = pipe.Exec(ctx) // each command has its own error
	for n, i := range only {
		got, err := cmds[n].Int64Slice()
		switch {
		case redis.HasErrorPrefix(err, "NOSCRIPT") && !byText:
			forgotten = append(forgotten, i)
			continue
		case err != nil:
			return nil, err
		case len(got) != 2:
			return nil, fmt.Errorf("the script answered %d values: %w", len(got), errScript)
		}
		out[i] = buckets[i].Rate.taken(got[0] == 1, got[1])
	}
	return forgotten, nil
}

var errScript = errors.New("not an answer of ours")
