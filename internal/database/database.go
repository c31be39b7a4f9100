// Package database opens the one SQL database of a gateway, SQLite beside it or PostgreSQL for many, and hides which of
// the two it is. It is the only importer of both drivers.
//
// A package that keeps something there contributes its tables as numbered steps (Migrate) and writes its statements once,
// in what both databases understand: placeholders are $1, $2, …, times are integers, and the few types that differ are
// words that start with a dollar (see dialect). Errors are sorted into the three that a caller decides on: ErrNone,
// ErrTaken and ErrUnavailable. Every call ends within Timeout.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Timeout bounds a call or a transaction, so that a database that went silent costs a request this and no more.
const Timeout = 5 * time.Second

var (
	// ErrNone says that there is no such row.
	ErrNone = errors.New("no such row")
	// ErrTaken says that another row has this key already.
	ErrTaken = errors.New("the key is taken")
	// ErrUnavailable says that the database can't do it now: it is gone, locked, full or read-only.
	ErrUnavailable = errors.New("the database is not available")
)

// Addresses of Open.
const (
	SQLite     = "sqlite:"       // and a file
	PostgreSQL = "postgres://"   // and user, host, name and parameters, as libpq has it
	postgresQL = "postgresql://" // its other spelling
)

// Known says whether Open knows how to read an address, without opening it.
func Known(address string) bool {
	return strings.HasPrefix(address, SQLite) && address != SQLite || strings.HasPrefix(address, PostgreSQL) || strings.HasPrefix(address, postgresQL)
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	runner
	write *sql.DB // SQLite has one writer; for PostgreSQL it is the same as read
	read  *sql.DB
}

// Open opens the database of an address: sqlite:FILE, which is made where it is not there, or postgres://…. Its errors do
// not quote the address, which may hold a password.
func Open(ctx context.Context, address string) (*DB, error) {
	open := openPostgres
	if strings.HasPrefix(address, SQLite) {
		open = openSQLite
	} else if !Known(address) {
		return nil, errors.New("opening the database: its address starts with sqlite: or postgres://")
	}
	db, err := open(strings.TrimPrefix(address, SQLite))
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	db.runner.read, db.runner.write = db.read, db.write
	if err := db.Ping(ctx); err != nil {
		return nil, fmt.Errorf("opening the database: %w", errors.Join(err, db.Close()))
	}
	return db, nil
}

// Ping says whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	return db.fault(ctx, db.read.PingContext(ctx))
}

// Close ends all connections.
func (db *DB) Close() error {
	if db.read == db.write {
		return db.write.Close()
	}
	return errors.Join(db.read.Close(), db.write.Close())
}

// Transaction runs f in a transaction, which stands as a whole or not at all: an error of f takes it back.
func (db *DB) Transaction(ctx context.Context, f func(*Tx) error) error {
	bounded, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	tx, err := db.write.BeginTx(bounded, nil)
	if err != nil {
		return db.fault(ctx, err)
	}
	also, within := take(ctx), &Tx{runner{dialect: db.dialect, read: tx, write: tx}}
	if err = f(within); err == nil {
		err = also.into(ctx, within)
	}
	if err != nil {
		_ = tx.Rollback() // it fails where the connection is gone, and with it the transaction
	} else {
		err = db.fault(ctx, tx.Commit())
	}
	also.end(err == nil)
	return err
}

// Exec runs a statement of its own; see runner.Exec.
func (db *DB) Exec(ctx context.Context, statement string, args ...any) (changed int64, err error) {
	if !waits(ctx) {
		return db.runner.Exec(ctx, statement, args...)
	}
	err = db.Transaction(ctx, func(tx *Tx) error {
		if changed, err = tx.Exec(ctx, statement, args...); err == nil && changed == 0 {
			err = errUnchanged
		}
		return err
	})
	if errors.Is(err, errUnchanged) {
		return 0, nil
	}
	return changed, err
}

// errUnchanged says that there is no change to take anything along with.
var errUnchanged = errors.New("no row was changed")

// Tx is a transaction under way.
type Tx struct{ runner }
