package upstream

import (
	"context"
	"errors"
	"io"
	"net"
	"net/textproto"
	"strings"
	"syscall"

	"github.com/meterbridge/meterbridge/internal/problem"
)

var errIdle = errors.New("the body stopped coming")

// failure says what went wrong with a call to host that gave no answer, or not all of it. The error itself goes to
// the log only: it may hold addresses.
func failure(ctx context.Context, host string, err error) *problem.Problem {
	var (
		known  *problem.Problem
		denied *deniedError
		dns    *net.DNSError
		shake  *tlsError
		op     *net.OpError
		proto  textproto.ProtocolError
		wait   net.Error
	)
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(context.Cause(ctx), errIdle):
		return problem.Wrap(problem.UpstreamTimeout, err, "%s stopped sending in the middle of its answer", host)
	case ctx.Err() != nil:
		return problem.From(ctx.Err())
	case errors.As(err, &denied):
		return problem.Wrap(problem.EgressDenied, err, "%s", denied.Error()).With("host", host)
	case errors.As(err, &dns):
		return problem.Wrap(problem.UpstreamDNS, err, "the name %s does not resolve", host)
	case errors.As(err, &shake):
		return problem.Wrap(problem.UpstreamTLS, err, "no trusted TLS connection with %s: %s", host, shake.err)
	case errors.As(err, &op) && op.Op == "dial":
		return problem.Wrap(problem.UpstreamUnreach, err, "no connection to %s: %s", host, dialReason(err))
	case errors.As(err, &wait) && wait.Timeout():
		return problem.Wrap(problem.UpstreamTimeout, err, "%s did not answer in time", host)
	case strings.Contains(err.Error(), "response headers exceeded"):
		return problem.Wrap(problem.UpstreamTooLarge, err, "the headers of %s's answer pass %d bytes", host, maxHeaderBytes)
	case errors.As(err, &proto), garbled(err):
		return problem.Wrap(problem.UpstreamCorrupt, err, "%s does not answer in HTTP", host)
	}
	// What is left is a connection that ended: a reset, an end in the middle, a stream or connection error of HTTP/2.
	return problem.Wrap(problem.UpstreamReset, err, "%s broke the connection", host)
}

// garbled says whether bytes came that are no HTTP. The standard library has words for it and no type.
func garbled(err error) bool {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		return false
	}
	for _, words := range []string{"malformed", "invalid byte in chunk length", "transport connection broken", "bad chunk", "too many transfer encodings"} {
		if strings.Contains(err.Error(), words) {
			return true
		}
	}
	return false
}

// dialReason is the part of a dial error that a client may know: the kind, not the address.
func dialReason(err error) string {
	var wait net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "it refuses connections"
	case errors.As(err, &wait) && wait.Timeout():
		return "it does not answer"
	}
	return "it can't be reached"
}
