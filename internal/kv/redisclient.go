package kv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// redisIdle is when an unused connection is closed, well before the timeouts of servers and load balancers.
const redisIdle = 5 * time.Minute

// silent drops go-redis' own log: every error comes back to the caller, who logs it in the house's shape.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// newClient makes a client whose calls end in time. By default, go-redis ignores the deadline of a context, dials
// five times and repeats a command three times: seconds where we have milliseconds.
func newClient(cfg RedisConfig) (redis.UniversalClient, error) {
	all, err := parseURLs(cfg.URL)
	if err != nil {
		return nil, err
	}
	redis.SetLogger(silent{})
	quiet := &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	first := all[0]
	if len(all) == 1 {
		first.ContextTimeoutEnabled = true
		first.DialTimeout, first.ReadTimeout, first.WriteTimeout, first.PoolTimeout = cfg.Timeout, cfg.Timeout, cfg.Timeout, cfg.Timeout
		first.MaxRetries, first.DialerRetries = -1, 1
		first.ConnMaxIdleTime = redisIdle
		first.Protocol, first.DisableIdentity, first.MaintNotificationsConfig = 2, true, quiet // no round trips but the command's
		return redis.NewClient(first), nil
	}
	c := &redis.ClusterOptions{
		Username: first.Username, Password: first.Password, TLSConfig: first.TLSConfig,
		ContextTimeoutEnabled: true,
		DialTimeout:           cfg.Timeout, ReadTimeout: cfg.Timeout, WriteTimeout: cfg.Timeout, PoolTimeout: cfg.Timeout,
		MaxRetries: -1, DialerRetries: 1, MaxRedirects: 2,
		ConnMaxIdleTime: redisIdle,
		Protocol:        2, DisableIdentity: true, MaintNotificationsConfig: quiet,
		DisableRoutingPolicies: true, // they look commands up with a deadline of their own, of seconds
	}
	if c.TLSConfig != nil {
		c.TLSConfig.ServerName = "" // each node's own name
	}
	for _, o := range all {
		c.Addrs = append(c.Addrs, o.Addr)
	}
	return redis.NewClusterClient(c), nil
}

// parseURLs reads one URL, or several with commas between. Later ones may leave out scheme and credentials, which
// are the first one's for all. Its errors never quote the URL: it holds the password.
func parseURLs(text string) ([]*redis.Options, error) {
	var all []*redis.Options
	parts := strings.Split(text, ",")
	for i, part := range parts {
		wrong := func(why string) error {
			if len(parts) > 1 {
				return fmt.Errorf("redis url: address %d: %s", i+1, why)
			}
			return fmt.Errorf("redis url: %s", why)
		}
		part = strings.TrimSpace(part)
		if i > 0 && !strings.Contains(part, "://") {
			scheme, _, _ := strings.Cut(strings.TrimSpace(parts[0]), "://")
			part = scheme + "://" + part
		}
		u, err := url.Parse(part)
		if err != nil {
			return nil, wrong("malformed; escape special characters of the password as %XX, also a comma")
		}
		switch u.Scheme {
		case "redis", "rediss":
		case "unix":
			if len(parts) > 1 {
				return nil, wrong("a cluster is not reached by unix://")
			}
		default:
			return nil, wrong("it starts with redis://, rediss:// or unix://")
		}
		if strings.HasSuffix(part, "://") {
			return nil, wrong("it names no host")
		}
		for name := range u.Query() {
			if name != "db" { // go-redis would take timeouts and skip_verify from here
				return nil, wrong("it takes no parameter but db")
			}
		}
		o, err := redis.ParseURL(part)
		if err != nil {
			return nil, wrong("malformed host, port or database number")
		}
		if len(parts) > 1 && o.DB != 0 {
			return nil, wrong("a cluster has no database but 0")
		}
		if i > 0 && (o.TLSConfig == nil) != (all[0].TLSConfig == nil) {
			return nil, wrong("redis:// and rediss:// don't mix")
		}
		if i > 0 && u.User != nil && (o.Username != all[0].Username || o.Password != all[0].Password) {
			return nil, wrong("its credentials are not the first one's")
		}
		all = append(all, o)
	}
	return all, nil
}

// answered says whether the error is a server's answer to this command alone: the server is well, and other
// commands may succeed. One that is loading, full of clients or refuses our password is as good as gone.
func answered(err error) bool {
	var reply redis.Error
	if !errors.As(err, &reply) {
		return false
	}
	return !(redis.IsLoadingError(reply) || redis.IsMasterDownError(reply) || redis.IsClusterDownError(reply) ||
		redis.IsMaxClientsError(reply) || redis.IsAuthError(reply))
}

// reason is the error in a word or two, without address or text of the server's.
func reason(err error) string {
	var reply redis.Error
	var timeout net.Error
	switch {
	case errors.Is(err, redis.ErrPoolTimeout):
		return "no free connection"
	case errors.As(err, &reply):
		if redis.IsMaxClientsError(reply) {
			return "too many clients"
		}
		if redis.IsAuthError(reply) {
			return "wrong credentials"
		}
		if word, _, _ := strings.Cut(reply.Error(), " "); word != "" && strings.ToUpper(word) == word {
			return word
		}
		return "error reply"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection lost"
	}
	return "unreachable"
}
