package database

import (
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	// maxConnections is how many connections a gateway keeps to PostgreSQL.
	maxConnections = 8
	// connectionLife lets connections move to another server behind the same name.
	connectionLife = 30 * time.Minute
)

func openPostgres(address string) (*DB, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil { // its text quotes the address
		return nil, errors.New("the address is malformed: it is postgres://USER:PASSWORD@HOST:PORT/NAME?sslmode=…, special characters of the password as %XX")
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = Timeout
	}
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(maxConnections)
	pool.SetMaxIdleConns(maxConnections)
	pool.SetConnMaxLifetime(connectionLife)
	db := &DB{read: pool, write: pool}
	db.dialect = dialect{words: postgresWords, sort: sortPostgres, lock: "SELECT pg_advisory_xact_lock(7281942605)"}
	return db, nil
}

// The collation C compares byte by byte, as SQLite does.
var postgresWords = strings.NewReplacer("$bytes", "BYTEA", "$serial", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "$text", `TEXT COLLATE "C"`)

func sortPostgres(err error) error {
	var refused *pgconn.ConnectError
	if errors.As(err, &refused) || pgconn.SafeToRetry(err) { // nothing reached a server: the connection was lost while it was idle
		return ErrUnavailable
	}
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return nil
	}
	if e.Code == "23505" { // unique_violation
		return ErrTaken
	}
	switch e.Code[:2] {
	case "08", "25", "28", "3D", "40", "53", "57", "58": // connection, read-only, login, no such database, rollback, resources, shutdown, system
		return ErrUnavailable
	}
	return nil
}
