package main

import (
	"fmt"
	"strings"

	"github.com/meterbridge/meterbridge/internal/problem"
)

// spoken is advice that the documentation gives to who reads an answer's JSON, for who reads its message.
var spoken = map[problem.Code]string{
	problem.RemoteForbidden: "Grant the credentials what the message speaks of.",
	problem.RemoteError:     "The message has the provider's words.",
	problem.UpstreamFailed:  "Try again later; the message has the provider's words.",
}

// whatToDo is the documentation's advice for a problem, with the seconds that it asks to wait.
func whatToDo(p *problem.Problem) string {
	do := spoken[p.Code]
	for _, e := range problem.Table() {
		if e.Code == p.Code && do == "" {
			do = strings.ReplaceAll(e.Do, "`", "")
		}
	}
	if len(missingScopes(p)) > 0 {
		do = "Grant the credentials these scopes."
	}
	if p.RetryAfter > 0 {
		return strings.ReplaceAll(do, "Retry-After seconds", fmt.Sprintf("%d seconds", p.RetryAfter))
	}
	return strings.ReplaceAll(do, "for Retry-After seconds", "a while")
}

// missingScopes are the permissions that a refusal names, if it does.
func missingScopes(p *problem.Problem) []string {
	if p.Insight == nil || p.Insight.Forbidden == nil {
		return nil
	}
	return p.Insight.Forbidden.MissingScopes
}
