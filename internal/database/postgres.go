package database

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/lib/pq"
)

const (
	// maxConnections is how many connections a gateway keeps to PostgreSQL.
	maxConnections = 8
	// connectionLife lets connections move to another server behind the same name.
	connectionLife = 30 * time.Minute
)

func openPostgres(address string) (*DB, error) {
	config, err := pq.NewConfig(address)
	if err != nil { // its text quotes the address
		return nil, errors.New("the address is malformed: it is postgres://USER:PASSWORD@HOST:PORT/NAME?sslmode=…, special characters of the password as %XX")
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = Timeout
	}
	connector, err := pq.NewConnectorConfig(config)
	if err != nil {
		return nil, errors.New("the address has parts that exclude each other")
	}
	pool := sql.OpenDB(connector)
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
	var network net.Error
	if errors.Is(err, driver.ErrBadConn) || errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrUnavailable
	}
	var e *pq.Error
	if !errors.As(err, &e) || len(e.Code) < 2 {
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
