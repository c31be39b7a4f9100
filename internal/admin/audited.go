package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/meterbridge/meterbridge/internal/audit"
	"github.com/meterbridge/meterbridge/internal/database"
	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/internal/telemetry"
)

// Audited are rows of which each that is no question leaves an entry in the trail. What can't be audited fails, and changes
// nothing that lies in the database. Without a trail they are the rows as they are: then nothing lies there.
func Audited(trail *audit.Trail, now func() time.Time, rows []Route) []Route {
	if trail == nil {
		return rows
	}
	out := slices.Clone(rows)
	for i, r := range rows {
		if r.Method != http.MethodGet {
			out[i].Handle = audited(trail, now, r)
		}
	}
	return out
}

func audited(trail *audit.Trail, now func() time.Time, row Route) func(*http.Request) (any, error) {
	return func(r *http.Request) (view any, err error) {
		e := audit.Entry{At: now(), Action: row.ID, Target: r.URL.Path, From: r.RemoteAddr}
		if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
			e.From = host
		}
		if l := telemetry.LineOf(r.Context()); l != nil {
			e.Actor, e.RequestID = l.Caller, l.RequestID
		}
		if e.Fields, err = fieldsSet(r); err != nil {
			return nil, err
		}
		err = trail.Do(r.Context(), e, func(ctx context.Context) (err error) {
			view, err = row.Handle(r.WithContext(ctx))
			return err
		})
		if errors.Is(err, database.ErrUnavailable) && !isProblem(err) {
			err = problem.Wrap(problem.StoreUnavailable, err, "the audit log does not take what is done, so it is not done; try again")
		}
		if err != nil {
			return nil, err
		}
		return view, nil
	}
}

func isProblem(err error) bool {
	_, ok := errors.AsType[*problem.Problem](err)
	return ok
}

// fieldsSet are the names of what a body sets: its members, and in the place of one that is an object those of that. The body
// can be read again. What is no object has none, and its handler says so.
func fieldsSet(r *http.Request) ([]string, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	if err != nil {
		return nil, problem.Wrap(problem.InvalidBody, err, "the body was cut off")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return nil, nil
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(members)) {
		var inner map[string]json.RawMessage
		if json.Unmarshal(members[name], &inner) != nil || len(inner) == 0 {
			out = append(out, name)
			continue
		}
		for _, of := range slices.Sorted(maps.Keys(inner)) {
			out = append(out, name+"."+of)
		}
	}
	return out, nil
}
