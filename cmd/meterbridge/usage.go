package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/meterbridge/meterbridge/internal/money"
)

// usageRecord is what the tables read of a unified usage record.
type usageRecord struct {
	Product      *named  `json:"product"`
	MetricName   *string `json:"metric_name"`
	Organization *named  `json:"organization"`
	Workspace    *named  `json:"workspace"`
	User         *named  `json:"user"`
	Resources    []struct {
		named
		Workspace *named `json:"workspace"`
	} `json:"resources"`
	Charges []charge `json:"charges"`
	Usage   *struct {
		Quantity *json.Number `json:"quantity"`
		Unit     *string      `json:"unit"`
	} `json:"usage"`
	Start    *time.Time `json:"start_date"`
	End      *time.Time `json:"end_date"`
	Category string     `json:"charge_category"`
	Finality string     `json:"finality"`
}

type named struct {
	ID    *string `json:"id"`
	Name  *string `json:"name"`
	Email *string `json:"email"`
}

type charge struct {
	Amount   json.Number `json:"amount"`
	Currency *string     `json:"currency"`
	Type     string      `json:"type"`
	Virtual  bool        `json:"virtual"`
}

func readUsage(raw []byte) (*usageRecord, error) {
	r := new(usageRecord)
	if err := json.Unmarshal(raw, r); err != nil {
		return nil, fmt.Errorf("reading a record: %w", err)
	}
	return r, nil
}

// String is the name, the email or the id, the first that is there.
func (n *named) String() string {
	if n == nil {
		return ""
	}
	for _, s := range []*string{n.Name, n.Email, n.ID} {
		if s != nil && *s != "" {
			return *s
		}
	}
	return ""
}

// where is the organization and the workspace, the row's own or its resource's.
func (r *usageRecord) where() string {
	s, w := r.Organization.String(), r.Workspace.String()
	for _, res := range r.Resources {
		if w == "" {
			w = res.Workspace.String()
		}
	}
	switch {
	case s == "":
		return w
	case w == "" || w == s:
		return s
	}
	return s + " / " + w
}

func (r *usageRecord) resource() string {
	switch len(r.Resources) {
	case 0:
		return ""
	case 1:
		return r.Resources[0].String()
	}
	return fmt.Sprintf("%s +%d", r.Resources[0].named.String(), len(r.Resources)-1)
}

// of is the sum of the record's charges of a type by currency, in the order of the currencies.
func (r *usageRecord) of(kind string) ([]sum, error) {
	var out []sum
	for _, c := range r.Charges {
		if c.Type != kind {
			continue
		}
		d, err := money.Parse(string(c.Amount))
		if err != nil {
			return nil, fmt.Errorf("reading the amount %q: %w", c.Amount, err)
		}
		currency := ""
		if c.Currency != nil {
			currency = *c.Currency
		}
		out = addTo(out, sum{currency, d, c.Virtual})
	}
	return out, nil
}

// sum is an amount of one currency.
type sum struct {
	currency string
	amount   money.Dec
	virtual  bool
}

// addTo adds to the sum of the same currency, or starts one.
func addTo(sums []sum, s sum) []sum {
	for i := range sums {
		if sums[i].currency == s.currency {
			sums[i].amount = sums[i].amount.Add(s.amount)
			return sums
		}
	}
	return append(sums, s)
}

// period is the record's time, as short as it can be said.
func (r *usageRecord) period() string {
	if r.Start == nil {
		return ""
	}
	s := r.Start.UTC()
	if r.End == nil {
		return s.Format(time.DateOnly)
	}
	e := r.End.UTC()
	switch {
	case e.Equal(s.Add(time.Hour)):
		return s.Format("2006-01-02 15:04")
	case e.Equal(s.AddDate(0, 0, 1)) && s.Hour() == 0:
		return s.Format(time.DateOnly)
	case s.Day() == 1 && e.Equal(s.AddDate(0, 1, 0)):
		return s.Format("2006-01")
	case s.Truncate(24*time.Hour).Equal(s) && e.Truncate(24*time.Hour).Equal(e):
		return s.Format(time.DateOnly) + " – " + e.AddDate(0, 0, -1).Format("01-02")
	}
	return s.Format("2006-01-02 15:04") + " – " + e.Format("01-02 15:04")
}
