package hand

import (
	"bytes"
	"slices"
	"time"

	"github.com/meterbridge/meterbridge/internal/money"
)

// Datadog maps the final cost of months: a record for each product of an organization.
type Datadog struct {
	charges []charge
	amounts []amount

	head, who, tail []byte // of each record of the item that is read
}

type charge struct{ product, kind, cost, raw []byte }

type amount struct {
	kind  []byte
	value []byte    // as it is written, where it is one number alone
	sum   money.Dec // else
	known bool
}

type organization struct {
	account, accountName, id, name, region, date []byte
	from, to                                     int // of the charges, in the page
}

// Map appends the page's records as one array.
func (d *Datadog) Map(dst, page []byte) ([]byte, error) { return items(dst, page, d.item) }

func (d *Datadog) read(s *scanner) (o organization) {
	d.charges = d.charges[:0]
	s.open('{')
	for first := true; s.more('}', first); first = false {
		if string(s.key()) != "attributes" {
			s.value()
			continue
		}
		s.open('{')
		for first := true; s.more('}', first); first = false {
			switch string(s.key()) {
			case "account_public_id":
				o.account = s.given()
			case "account_name":
				o.accountName = s.given()
			case "public_id":
				o.id = s.given()
			case "org_name":
				o.name = s.given()
			case "region":
				o.region = s.given()
			case "date":
				o.date = s.given()
			case "charges":
				s.space()
				o.from = s.i
				d.readCharges(s)
				o.to = s.i
			default:
				s.value()
			}
		}
	}
	return o
}

func (d *Datadog) readCharges(s *scanner) {
	s.open('[')
	for first := true; s.more(']', first); first = false {
		var c charge
		s.space()
		from := s.i
		s.open('{')
		for first := true; s.more('}', first); first = false {
			switch string(s.key()) {
			case "product_name":
				c.product = s.given()
			case "charge_type":
				c.kind = s.given()
			case "cost":
				c.cost = s.given()
			default:
				s.value()
			}
		}
		c.raw = s.b[from:s.i]
		d.charges = append(d.charges, c)
	}
}

func (d *Datadog) item(b []byte, s *scanner) []byte {
	from := s.i
	o := d.read(s)
	to := s.i
	start, err := time.Parse(`"`+time.RFC3339+`"`, string(o.date))
	if err != nil {
		panic(errMalformed)
	}
	start = time.Date(start.Year(), start.Month(), 1, 0, 0, 0, 0, time.UTC)
	byProduct := func(a, b charge) int { return bytes.Compare(a.product, b.product) }
	if !slices.IsSortedFunc(d.charges, byProduct) {
		slices.SortStableFunc(d.charges, byProduct)
	}
	d.write(o, start)
	for rest := d.charges; len(rest) > 0; {
		n := 1
		for n < len(rest) && bytes.Equal(rest[n].product, rest[0].product) {
			n++
		}
		group := rest[:n]
		rest = rest[n:]
		product := group[0].product
		b = append(append(part(append(b, d.head...), product), `","product":{"id":`...), product...)
		b = append(append(append(append(append(b, `,"name":`...), product...), `},"metric_name":`...), product...), d.who...)
		b = append(d.money(b, group), d.tail...)
		b = append(append(append(b, `,"remote_data":`...), s.b[from:o.from]...), '[')
		for i, c := range group {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, c.raw...)
		}
		b = append(append(append(b, ']'), s.b[o.to:to]...), '}', ',')
	}
	return b
}

// write makes what all records of an item have alike.
func (d *Datadog) write(o organization, start time.Time) {
	b := start.AppendFormat(append(d.head[:0], `{"id":"M:`...), "2006-01")
	for _, v := range [...][]byte{o.account, o.id, o.region} {
		b = part(append(b, ':'), v)
	}
	d.head = append(b, ':')
	b = append(append(d.who[:0], `,"resources":[],"organization":{"id":`...), o.account...)
	d.who = append(orNull(append(b, `,"name":`...), o.accountName), `},"charges":[`...)
	b = start.AppendFormat(append(d.tail[:0], `],"usage":null,"start_date":"`...), time.RFC3339)
	b = start.AddDate(0, 1, 0).AppendFormat(append(b, `","end_date":"`...), time.RFC3339)
	b = append(append(b, `","created_at":null,"updated_at":null,"workspace":{"id":`...), o.id...)
	b = append(orNull(append(b, `,"name":`...), o.name), `},"charge_category":"usage","finality":"final"`...)
	if o.region != nil {
		b = append(append(append(b, `,"dimensions":{"region":`...), o.region...), '}')
	}
	d.tail = b
}

// money appends a product's charges: those of one kind summed, the total its own or the sum of the others.
func (d *Datadog) money(b []byte, group []charge) []byte {
	d.amounts = d.amounts[:0]
	for _, c := range group {
		i := slices.IndexFunc(d.amounts, func(a amount) bool { return bytes.Equal(a.kind, c.kind) })
		if i < 0 {
			i = len(d.amounts)
			d.amounts = append(d.amounts, amount{kind: c.kind})
		}
		a := &d.amounts[i]
		switch {
		case c.cost == nil:
		case !a.known:
			a.known, a.value = true, c.cost
		case a.value != nil:
			a.sum, a.value = decimal(a.value).Add(decimal(c.cost)), nil
		default:
			a.sum = a.sum.Add(decimal(c.cost))
		}
	}
	d.total()
	slices.SortFunc(d.amounts, func(a, b amount) int {
		if r := rank(a.kind) - rank(b.kind); r != 0 {
			return r
		}
		return bytes.Compare(a.kind, b.kind)
	})
	for _, a := range d.amounts {
		if !a.known {
			continue
		}
		if b[len(b)-1] == '}' {
			b = append(b, ',')
		}
		b = append(b, `{"amount":`...)
		if a.value != nil {
			b = append(b, a.value...)
		} else {
			b = a.sum.Append(b)
		}
		b = append(append(append(b, `,"currency":"USD","type":`...), a.kind...), '}')
	}
	return b
}

func (d *Datadog) total() {
	sum, known := money.Dec{}, false
	for _, a := range d.amounts {
		switch {
		case a.known && string(a.kind) == `"total"`:
			return
		case a.value != nil:
			sum, known = sum.Add(decimal(a.value)), true
		case a.known:
			sum, known = sum.Add(a.sum), true
		}
	}
	d.amounts = append(d.amounts, amount{kind: []byte(`"total"`), sum: sum, known: known})
}

func rank(kind []byte) int {
	switch string(kind) {
	case `"on_demand"`:
		return 0
	case `"committed"`:
		return 1
	case `"total"`:
		return 2
	}
	return 3
}
