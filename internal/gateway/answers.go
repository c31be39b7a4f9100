package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/meterbridge/meterbridge/internal/problem"
	"github.com/meterbridge/meterbridge/proxy"
)

// remoteStatuses stands among statuses for a provider's other 4xx. It is one that nobody receives.
const remoteStatuses = 499

func statusText(status int) string {
	if status == remoteStatuses {
		return "4XX"
	}
	return strconv.Itoa(status)
}

func problemName(status int) string {
	if status == remoteStatuses {
		return "RemoteProblem"
	}
	return "Problem" + strconv.Itoa(status)
}

// dataHeaders stand on answers with a provider's data.
var dataHeaders = []string{"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", headerPolicy, headerRateLimit, proxy.HeaderNextCursor, proxy.HeaderRange, proxy.HeaderWarning, proxy.HeaderStatus}

// headerComponents are all headers of answers.
func headerComponents() object {
	of := func(name, about string, schema object, example any) member {
		return member{name, object{{"description", about}, {"schema", schema}, {"example", example}}}
	}
	return object{
		of(headerRequestID, "The request's id, the caller's own where it sent a good one. On every answer.", text(), "0b0e7a6e-6d0c-4c1c-9a52-6b3d2b1f4a11"),
		of("ratelimit-limit", "The provider's rate limit, with its window in seconds where it is known. Absent where the provider sends none.", text(), "110;w=10"),
		of("ratelimit-remaining", "What is left of it.", integer(0, 1<<31-1), 109),
		of("ratelimit-reset", "Seconds until it is whole again.", integer(0, 1<<31-1), 7),
		of(headerPolicy, "A limit of the gateway's own, where one is configured: requests and seconds. One for the token, one for the account.", text(), `"token";q=600;w=60`),
		of(headerRateLimit, "What is left of it, and seconds until it is whole again.", text(), `"token";r=599;t=1`),
		of("Retry-After", "Seconds to wait before the next try.", integer(1, 1<<31-1), 30),
		of("Allow", "The methods that the route has.", text(), "GET, HEAD"),
		of("WWW-Authenticate", "How to authenticate.", text(), `Bearer realm="meterbridge"`),
		of(proxy.HeaderNextCursor, "The cursor, where the body has no place for it; a trailer once a body is under way.", text(), "c1.AAAAAbG9yZW0"),
		of(proxy.HeaderRange, "The range served, where the body has no place for it.", text(), `{"start":"2026-09-01T00:00:00Z","end":"2026-10-01T00:00:00Z","granularity":"day","preliminary_from":null}`),
		of(proxy.HeaderWarning, "A warning, where the body has no place for it: its code, a space, its text. May stand several times; a trailer once a body is under way.", text(), "range_widened the range was widened to whole months"),
		of(proxy.HeaderStatus, "Trailer of a stream or table: how it ended.", oneOf("complete", "limited", "error"), "complete"),
	}
}

func headersOf(names ...string) object {
	out := object{}
	for _, n := range names {
		out = out.with(n, reference("headers", n))
	}
	return out
}

// answerOf is a response; each has a request id.
func answerOf(about string, content object, headers ...string) object {
	return object{{"description", about}, {"headers", headersOf(append([]string{headerRequestID}, headers...)...)}, {"content", content}}
}

func jsonMember(status, about, schema string) member {
	return member{status, answerOf(about, object{{"application/json", object{{"schema", reference("schemas", schema)}}}})}
}

func jsonAnswer(about, schema string) object { return object{jsonMember("200", about, schema)} }

func textAnswer(about string, media ...string) object {
	content := object{}
	for _, m := range media {
		content = content.with(m, object{{"schema", text()}})
	}
	return object{{"200", answerOf(about, content)}}
}

func example(summary, body string) object {
	return object{{"summary", summary}, {"value", json.RawMessage(body)}}
}

// passedBody is the body of a write to a provider.
var passedBody = object{
	{"description", fmt.Sprintf("Passed on with its media type; at most %d bytes.", proxy.MaxBody)},
	{"content", object{{"*/*", object{{"schema", object{}}}}}},
}

// problemResponses are the error answers, one a status, with the codes that have it.
func problemResponses() object {
	byStatus, order := map[int][]problem.Entry{}, []int{}
	for _, e := range problem.Table() {
		if e.Code == problem.ClientGone {
			continue
		}
		if byStatus[e.Status] == nil {
			order = append(order, e.Status)
		}
		byStatus[e.Status] = append(byStatus[e.Status], e)
	}
	out := object{}
	for _, status := range order {
		var about strings.Builder
		about.WriteString(http.StatusText(status) + ".")
		for _, e := range byStatus[status] {
			fmt.Fprintf(&about, "\n- `%s`: %s %s", e.Code, e.What, e.Do)
		}
		headers := []string{}
		switch status {
		case http.StatusUnauthorized:
			headers = append(headers, "WWW-Authenticate")
		case http.StatusMethodNotAllowed:
			headers = append(headers, "Allow")
		case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			headers = append(headers, "Retry-After")
			if status == http.StatusTooManyRequests {
				headers = append(headers, headerPolicy, headerRateLimit)
			}
		}
		first := byStatus[status][0]
		p := problem.New(first.Code, "%s %s", strings.TrimSuffix(first.What, "."), "")
		p.Message = first.What
		out = out.with(problemName(status), errorAnswer(about.String(), string(p.Encode("0b0e7a6e-6d0c-4c1c-9a52-6b3d2b1f4a11")), headers...))
	}
	remote := problem.New(problem.RemoteError, "the provider answered 410: this report is gone").AsRemote()
	remote.Status, remote.Raw, remote.Insight = http.StatusGone, []byte(`{"error":"this report is gone"}`), &problem.Insight{Remote: "this report is gone"}
	return out.with(problemName(remoteStatuses), errorAnswer("A provider's other 4xx, with its status, its words and `truto_is_remote_error`.", string(remote.Encode("0b0e7a6e-6d0c-4c1c-9a52-6b3d2b1f4a11")), dataHeaders[:3]...))
}

func errorAnswer(about, body string, headers ...string) object {
	content := object{{"application/json", object{{"schema", reference("schemas", "Error")}, {"example", json.RawMessage(body)}}}}
	return answerOf(about, content, headers...)
}

func codeList(names []string) string { return "`" + strings.Join(names, "`, `") + "`" }
