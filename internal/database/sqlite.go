package database

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

const (
	// lockPatience is how long a write waits for one of another process.
	lockPatience = 2 * time.Second
	// maxReaders is how many connections read SQLite at once.
	maxReaders = 4
)

// openSQLite opens a file in WAL mode: readers and the one writer don't wait for each other, and a commit is on the disk
// when it returns.
func openSQLite(file string) (*DB, error) {
	// Made here so that it is nobody else's to read; its journals take its mode.
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	db := &DB{}
	db.dialect = dialect{words: sqliteWords, sort: sortSQLite}
	if db.write, err = sqliteConnections(file, 1, "_txlock=immediate"); err != nil {
		return nil, err
	}
	if db.read, err = sqliteConnections(file, maxReaders, "_pragma=query_only(1)"); err != nil {
		return nil, errors.Join(err, db.write.Close())
	}
	return db, db.write.Ping() // the writer makes the file WAL before anybody reads
}

func sqliteConnections(file string, most int, more string) (*sql.DB, error) {
	address := "file:" + (&url.URL{Path: file}).EscapedPath() + fmt.Sprintf("?_pragma=busy_timeout(%d)", lockPatience.Milliseconds()) +
		"&_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=foreign_keys(1)&" + more
	pool, err := sql.Open("sqlite", address)
	if err == nil {
		pool.SetMaxOpenConns(most)
		pool.SetMaxIdleConns(most)
	}
	return pool, err
}

// SQLite numbers its placeholders with a question mark; it compares text byte by byte anyway.
var sqliteWords = strings.NewReplacer("$bytes", "BLOB", "$serial", "INTEGER PRIMARY KEY AUTOINCREMENT", "$text", "TEXT", "$", "?")

func sortSQLite(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return nil
	}
	switch e.Code() {
	case lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_UNIQUE:
		return ErrTaken
	}
	switch e.Code() & 0xff {
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_FULL, lib.SQLITE_IOERR, lib.SQLITE_READONLY, lib.SQLITE_CANTOPEN, lib.SQLITE_NOMEM,
		lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB, lib.SQLITE_PROTOCOL:
		return ErrUnavailable
	}
	return nil
}
