package database

import (
	"fmt"
	"strings"
	"time"
)

// Conditions are what the rows of a log are asked for: each is added where it is not zero.
type Conditions struct {
	texts []string
	args  []any
}

// Where is without conditions.
func Where() *Conditions { return new(Conditions) }

func (c *Conditions) add(condition string, arg any) {
	c.args = append(c.args, arg)
	c.texts = append(c.texts, fmt.Sprintf(condition, len(c.args)))
}

// Is wants a text.
func (c *Conditions) Is(column, text string) {
	if text != "" {
		c.add(column+` = $%d`, text)
	}
}

// Between wants a number from low up to, and not including, high.
func (c *Conditions) Between(column string, low, high int) {
	c.add(column+` >= $%d`, low)
	c.add(column+` < $%d`, high)
}

// From wants a time, in milliseconds, that is not before t.
func (c *Conditions) From(column string, t time.Time) {
	if !t.IsZero() {
		c.add(column+` >= $%d`, t.UnixMilli())
	}
}

// To wants a time, in milliseconds, that is before t.
func (c *Conditions) To(column string, t time.Time) {
	if !t.IsZero() {
		c.add(column+` < $%d`, t.UnixMilli())
	}
}

// Below wants a number below n.
func (c *Conditions) Below(column string, n int64) {
	if n > 0 {
		c.add(column+` < $%d`, n)
	}
}

// Newest is a query for at most limit of those rows, the highest id first.
func (c *Conditions) Newest(query string, limit int) (string, []any) {
	if len(c.texts) > 0 {
		query += ` WHERE ` + strings.Join(c.texts, ` AND `)
	}
	args := append(c.args, limit)
	return query + fmt.Sprintf(` ORDER BY id DESC LIMIT $%d`, len(args)), args
}
