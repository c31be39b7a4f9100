package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

// dialect is what differs between the two databases.
type dialect struct {
	// words of table definitions: $bytes a BLOB, $serial a primary key that counts up, $text a TEXT that compares byte by
	// byte. It turns $1 into the database's own placeholder too.
	words *strings.Replacer
	// lock, within a transaction, keeps other processes from changing tables too.
	lock string
	// sort finds what an error of the driver's means, nil where it is none of the three.
	sort func(error) error
}

// say is a statement in the database's own words.
func (d dialect) say(statement string) string { return d.words.Replace(statement) }

// fault sorts an error. ctx is the caller's: one that ended is the reason, ours is the database's silence.
func (d dialect) fault(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: no answer within %s", ErrUnavailable, Timeout)
	}
	if kind := d.sort(err); kind != nil {
		return fmt.Errorf("%w: %w", kind, err)
	}
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}
