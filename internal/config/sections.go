package config

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/meterbridge/meterbridge/internal/database"
	"github.com/meterbridge/meterbridge/internal/kv"
	"github.com/meterbridge/meterbridge/internal/near"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// root reads the whole file: the table of all sections.
func (p *parser) root(n *yaml.Node) {
	c := p.config
	if isNull(n) {
		return
	}
	section := func(fields ...field) func(*yaml.Node, string) {
		return func(n *yaml.Node, key string) { p.object(n, key, fields...) }
	}
	p.object(n, "",
		field{"server", section(field{"listen", p.listen(&c.Server.Listen)}, field{"drain", p.span(&c.Server.Drain)})},
		field{"admin", section(field{"listen", p.listenOrNot(&c.Admin.Listen)}, field{"tokens", p.adminTokens})},
		field{"auth", section(field{"tokens", p.tokens})},
		field{"accounts", p.accountsSection},
		field{"connectors", section(field{"dir", p.dir(&c.Connectors)})},
		field{"mappings", section(field{"dir", p.dir(&c.Mappings)}, field{"check_every", p.checkEvery})},
		field{"overrides", section(field{"dir", p.dir(&c.Overrides)})},
		field{"secret_key", p.secretKeys},
		field{"cursors", section(field{"store", p.store}, field{"ttl", p.duration(&c.Cursors.TTL)})},
		field{"redis", section(field{"url", p.redis}, field{"timeout", p.duration(&p.config.Redis.Timeout)})},
		field{"request_log", section(field{"keep", p.span(&c.RequestLog.Keep)}, field{"max_rows", p.rows})},
		field{"telemetry", section(field{"otlp", p.otlp}, field{"sample", p.sample}, field{"propagate", p.boolean(&c.Telemetry.Propagate)})},
		field{"limits", section(field{"token", p.rate(&c.Limits.Token)}, field{"account", p.rate(&c.Limits.Account)})},
		field{"egress", section(field{"allow", p.allow})},
	)
}

func (p *parser) listen(dst *string) func(*yaml.Node, string) {
	return func(n *yaml.Node, key string) {
		s, ok := p.written(n, key)
		if !ok {
			return
		}
		_, port, err := net.SplitHostPort(s)
		if num, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil || num > 65535 {
			p.fail(n, key, "wants HOST:PORT, such as 127.0.0.1:8080 or :8080; port 0 is any free one")
			return
		}
		*dst = s
	}
}

// listenOrNot takes an empty text too: then nothing listens.
func (p *parser) listenOrNot(dst *string) func(*yaml.Node, string) {
	return func(n *yaml.Node, key string) {
		if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" && n.Value == "" {
			*dst = ""
			return
		}
		p.listen(dst)(n, key)
	}
}

func (p *parser) dir(dst *Dir) func(*yaml.Node, string) {
	return func(n *yaml.Node, key string) {
		if s, ok := p.written(n, key); ok {
			dst.Dir = p.relative(s)
		}
	}
}

// checkEvery is a number of items, or never.
func (p *parser) checkEvery(n *yaml.Node, key string) {
	s, ok := p.written(n, key)
	if !ok {
		return
	}
	every, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		p.fail(n, key, "wants a number of items such as 10000, or 0 for never")
		return
	}
	p.config.CheckEvery = every
}

// rate is a number of requests in each period, written as connectors write theirs.
func (p *parser) rate(dst *kv.Rate) func(*yaml.Node, string) {
	return func(n *yaml.Node, key string) {
		r := kv.Rate{Per: time.Second}
		p.object(n, key,
			field{"rate", func(n *yaml.Node, key string) {
				s, ok := p.written(n, key)
				if !ok {
					return
				}
				if v, err := strconv.Atoi(s); err != nil || v < 1 || v > kv.MaxRate {
					p.fail(n, key, "wants a number of requests from 1 to %d", kv.MaxRate)
				} else {
					r.Requests = v
				}
			}},
			field{"per", func(n *yaml.Node, key string) {
				if p.duration(&r.Per)(n, key); r.Per > kv.MaxRatePer {
					p.fail(n, key, "is longer than %s", kv.MaxRatePer)
				}
			}},
		)
		if _, given := p.places[join(key, "rate")]; !given && n.Kind == yaml.MappingNode {
			p.fail(n, key, "rate is missing: the requests in each period of per")
		}
		if r.Requests > 0 {
			*dst = r
		}
	}
}

func (p *parser) accountsSection(n *yaml.Node, key string) {
	p.object(n, key, field{"store", p.accountStore}, field{"static", p.accounts})
	if a := p.config.Accounts; a.Stored() && len(a.Static) > 0 {
		p.failAt(p.places[key+".static"], key+".static", "accounts.store is a database, which has all accounts; meterbridge accounts add puts one there")
	}
}

// storeStatic is the store of accounts that is the configuration itself.
const storeStatic = "static"

// accountStore is where accounts live. Messages don't quote an address, for it may hold a password.
func (p *parser) accountStore(n *yaml.Node, key string) {
	s, ok := p.secretText(n, key)
	if !ok || s == storeStatic {
		return
	}
	if !database.Known(s) {
		p.fail(n, key, "wants static, sqlite:FILE or postgres://USER:PASSWORD@HOST/NAME")
		return
	}
	if file, ok := strings.CutPrefix(s, database.SQLite); ok {
		s = database.SQLite + p.relative(file)
	}
	p.config.Accounts.Store = secret.New(s)
}

func (p *parser) store(n *yaml.Node, key string) {
	s, ok := p.written(n, key)
	if !ok {
		return
	}
	if known := []string{StoreMemory, StoreRedis}; !slices.Contains(known, s) {
		p.fail(n, key, "wants memory or redis; the nearest is %q", near.Any(s, known))
		return
	}
	p.config.Cursors.Store = s
}

// redis reads one address, several with commas, or a list. Messages don't quote it, for it may hold a password.
func (p *parser) redis(n *yaml.Node, key string) {
	var urls []string
	one := func(n *yaml.Node, key string) {
		s, ok := p.secretText(n, key)
		if !ok {
			return
		}
		for i, u := range strings.Split(s, ",") {
			u = strings.TrimSpace(u)
			scheme, rest, _ := strings.Cut(u, "://")
			if rest == "" || !slices.Contains([]string{"redis", "rediss", "unix"}, scheme) {
				p.fail(n, key, "wants redis://, rediss:// or unix:// and an address (part %d)", i+1)
				return
			}
			urls = append(urls, u)
		}
	}
	if n.Kind == yaml.SequenceNode {
		p.list(n, key, one)
	} else {
		one(n, key)
	}
	if len(urls) > 0 {
		p.config.Redis.URL = secret.New(strings.Join(urls, ","))
	}
}

func (p *parser) allow(n *yaml.Node, key string) {
	p.list(n, key, func(n *yaml.Node, key string) {
		s, ok := p.written(n, key)
		if !ok {
			return
		}
		prefix, err := netip.ParsePrefix(s)
		if err != nil {
			var addr netip.Addr
			if addr, err = netip.ParseAddr(s); err == nil && addr.Zone() == "" {
				prefix = netip.PrefixFrom(addr, addr.BitLen())
			}
		}
		if err != nil || !prefix.IsValid() || prefix.Addr().Is4In6() {
			p.fail(n, key, "wants a range such as 10.0.0.0/8 or fd00::/8, or one address")
			return
		}
		p.config.Egress.Allow = append(p.config.Egress.Allow, prefix.Masked())
	})
}
