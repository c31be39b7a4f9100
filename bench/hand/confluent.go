package hand

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// Confluent maps cost lines, with the names that are looked up.
type Confluent struct {
	organization []byte
	environments map[string][]byte // the names, as JSON
}

// NewConfluent takes the lookups that the mapping reads.
func NewConfluent(lookups string) (*Confluent, error) {
	var l struct {
		Organization []struct {
			ID   json.RawMessage `json:"id"`
			Name json.RawMessage `json:"display_name"`
		} `json:"organization"`
		Environments map[string]struct {
			Name json.RawMessage `json:"display_name"`
		} `json:"environments"`
	}
	if err := json.Unmarshal([]byte(lookups), &l); err != nil || len(l.Organization) == 0 {
		return nil, fmt.Errorf("reading the lookups: %w", err)
	}
	c := &Confluent{environments: map[string][]byte{}}
	c.organization = fmt.Appendf(nil, `{"id":%s,"name":%s}`, l.Organization[0].ID, l.Organization[0].Name)
	for id, e := range l.Environments {
		c.environments[`"`+id+`"`] = e.Name
	}
	return c, nil
}

// Map appends the page's records as one array.
func (c *Confluent) Map(dst, page []byte) ([]byte, error) { return items(dst, page, c.line) }

type line struct {
	id, start, end, network, product, kind, price, unit, quantity, list, discount, amount, description, tiers []byte
	resource, name, environment                                                                               []byte
}

func (l *line) read(s *scanner) {
	s.open('{')
	for first := true; s.more('}', first); first = false {
		switch string(s.key()) {
		case "id":
			l.id = s.given()
		case "start_date":
			l.start = s.given()
		case "end_date":
			l.end = s.given()
		case "network_access_type":
			l.network = s.given()
		case "product":
			l.product = s.given()
		case "line_type":
			l.kind = s.given()
		case "price":
			l.price = s.given()
		case "unit":
			l.unit = s.given()
		case "quantity":
			l.quantity = s.given()
		case "original_amount":
			l.list = s.given()
		case "discount_amount":
			l.discount = s.given()
		case "amount":
			l.amount = s.given()
		case "description":
			l.description = s.given()
		case "tier_dimensions":
			l.tiers = s.given()
		case "resource":
			l.readResource(s)
		default:
			s.value()
		}
	}
}

func (l *line) readResource(s *scanner) {
	if s.space() != '{' {
		s.value()
		return
	}
	s.open('{')
	for first := true; s.more('}', first); first = false {
		switch string(s.key()) {
		case "id":
			l.resource = s.given()
		case "display_name":
			l.name = s.given()
		case "environment":
			if s.space() != '{' {
				s.value()
				continue
			}
			s.open('{')
			for first := true; s.more('}', first); first = false {
				if string(s.key()) == "id" {
					l.environment = s.given()
				} else {
					s.value()
				}
			}
		default:
			s.value()
		}
	}
}

func (c *Confluent) line(b []byte, s *scanner) []byte {
	var l line
	from := s.i
	l.read(s)
	b = append(b, `{"id":`...)
	if len(l.id) > 2 {
		b = append(b, l.id...)
	} else {
		b = append(l.madeID(append(b, '"')), '"')
	}
	product := l.product
	if product == nil {
		product = l.kind
	}
	b = append(orNull(append(b, `,"product":{"id":`...), product), `,"name":null},"metric_name":`...)
	b = append(orNull(b, l.kind), `,"resources":[`...)
	if l.resource != nil {
		b = orNull(append(append(append(b, `{"id":`...), l.resource...), `,"name":`...), l.name)
		b = append(c.place(append(b, `,"workspace":`...), l.environment), '}')
	}
	b = append(append(append(b, `],"organization":`...), c.organization...), `,"charges":[`...)
	b = append(l.charges(b), `],"usage":`...)
	if l.quantity == nil {
		b = append(b, "null"...)
	} else {
		b = orNull(append(append(append(b, `{"quantity":`...), l.quantity...), `,"unit":`...), l.unit)
		if l.price != nil {
			b = append(append(b, `,"unit_price":`...), l.price...)
		}
		b = append(b, '}')
	}
	b = day(append(b, `,"start_date":`...), l.start)
	b = day(append(b, `,"end_date":`...), l.end)
	b = append(b, `,"created_at":null,"updated_at":null`...)
	if l.resource == nil && l.environment != nil {
		b = c.place(append(b, `,"workspace":`...), l.environment)
	}
	b = append(append(b, `,"charge_category":`...), l.category()...)
	b = append(b, `,"finality":"final"`...)
	b = l.dimensions(b)
	return append(append(append(b, `,"remote_data":`...), s.b[from:s.i]...), '}', ',')
}

func (c *Confluent) place(b, id []byte) []byte {
	if id == nil {
		return append(b, "null"...)
	}
	return append(orNull(append(append(append(b, `{"id":`...), id...), `,"name":`...), c.environments[string(id)]), '}')
}

func (l *line) charges(b []byte) []byte {
	charge := func(kind string) {
		b = append(append(append(b, `,"currency":"USD","type":"`...), kind...), `"},`...)
	}
	from := len(b)
	switch {
	case l.amount != nil:
		b = append(append(b, `{"amount":`...), l.amount...)
		charge("total")
	case l.list != nil:
		sum := decimal(l.list)
		if l.discount != nil {
			sum = sum.Sub(decimal(l.discount))
		}
		b = sum.Append(append(b, `{"amount":`...))
		charge("total")
	}
	if l.list != nil {
		b = append(append(b, `{"amount":`...), l.list...)
		charge("list")
	}
	if l.discount != nil {
		b = negated(append(b, `{"amount":`...), l.discount)
		charge("discount")
	}
	if len(b) > from {
		b = b[:len(b)-1]
	}
	return b
}

func (l *line) category() string {
	switch {
	case string(l.kind) == `"PROMO_CREDIT"`:
		return `"credit"`
	case string(l.kind) == `"SUPPORT"` || bytes.HasPrefix(l.product, []byte(`"SUPPORT_`)):
		return `"fee"`
	}
	return `"usage"`
}

func (l *line) dimensions(b []byte) []byte {
	from := len(b)
	b = append(b, `,"dimensions":{`...)
	empty := len(b)
	if l.tiers != nil {
		b = append(append(b, plain(l.tiers)...), ',')
	}
	if l.network != nil {
		b = append(append(append(b, `"network_access_type":`...), l.network...), ',')
	}
	if l.description != nil {
		b = append(append(append(b, `"description":`...), l.description...), ',')
	}
	if len(b) == empty {
		return b[:from]
	}
	b[len(b)-1] = '}'
	return b
}

// madeID is an id of all that tells two lines of a day apart.
func (l *line) madeID(b []byte) []byte {
	b = part(append(b, "D:"...), append(append([]byte(nil), l.start[:11]...), '"'))
	for _, v := range [...][]byte{l.resource, l.environment, l.product, l.kind, l.network, l.unit, l.description} {
		b = part(append(b, ':'), v)
	}
	if l.tiers == nil {
		return b
	}
	var tiers [][2][]byte
	s := &scanner{b: l.tiers}
	s.open('{')
	for first := true; s.more('}', first); first = false {
		tiers = append(tiers, [2][]byte{s.key(), s.value()})
	}
	slices.SortFunc(tiers, func(a, b [2][]byte) int { return bytes.Compare(a[0], b[0]) })
	for _, t := range tiers {
		b = part(append(part(append(b, ':'), t[0]), ':'), t[1])
	}
	return b
}
