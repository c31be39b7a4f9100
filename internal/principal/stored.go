package principal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/meterbridge/meterbridge/internal/database"
	"github.com/meterbridge/meterbridge/internal/kv"
)

// steps make the table. What a token may do is one text: nothing ever asks for a part of it.
var steps = []string{`
CREATE TABLE token (
	seq        $serial,
	id         $text NOT NULL UNIQUE,
	name       $text NOT NULL UNIQUE,
	sha256     $bytes NOT NULL UNIQUE,
	grants     TEXT NOT NULL,
	expires    BIGINT NOT NULL,
	created_at BIGINT NOT NULL
)`}

const columns = `id, name, sha256, grants, expires, created_at`

// granted is the text of a token's grants.
type granted struct {
	Accounts  []string      `json:"accounts"`
	Write     bool          `json:"write,omitempty"`
	Resources []string      `json:"resources,omitempty"`
	Formats   []string      `json:"formats,omitempty"`
	Requests  int           `json:"rate,omitempty"`
	Per       time.Duration `json:"per,omitempty"` // nanoseconds
}

// Stored is a Store in a database that replicas share.
type Stored struct{ db *database.DB }

// NewStored is the store in a database, whose table it makes.
func NewStored(ctx context.Context, db *database.DB) (*Stored, error) {
	if err := db.Migrate(ctx, "tokens", steps...); err != nil {
		return nil, err
	}
	return &Stored{db}, nil
}

// Find implements Finder. The index tells hashes apart byte by byte, and so in a time that tells of them; but nobody can steer
// the hash of what they don't know.
func (s *Stored) Find(ctx context.Context, sum Sum) (*Principal, error) {
	var found *Principal
	err := s.each(ctx, `SELECT `+columns+` FROM token WHERE sha256 = $1`, []any{sum[:]}, func(r *Record) {
		if same(&r.Sum, &sum) {
			found = &r.Principal
		}
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("finding a token: %w", err)
	case found == nil:
		return nil, ErrUnknown
	}
	return found, nil
}

// List implements Store.
func (s *Stored) List(ctx context.Context) ([]Record, error) {
	var out []Record
	err := s.each(ctx, `SELECT `+columns+` FROM token ORDER BY seq`, nil, func(r *Record) { out = append(out, *r) })
	if err != nil {
		return nil, fmt.Errorf("listing tokens: %w", err)
	}
	return out, nil
}

// Create implements Store.
func (s *Stored) Create(ctx context.Context, r Record) error {
	grants, err := json.Marshal(granted{r.Accounts, r.Write, r.Resources, r.Formats, r.Limit.Requests, r.Limit.Per})
	if err != nil {
		return fmt.Errorf("creating token %q: %w", r.Name, err)
	}
	_, err = s.db.Exec(ctx, `INSERT INTO token (`+columns+`) VALUES ($1, $2, $3, $4, $5, $6)`, r.ID, r.Name, r.Sum[:], string(grants), micros(r.Expires), micros(r.Created))
	if errors.Is(err, database.ErrTaken) {
		return ErrTaken
	}
	if err != nil {
		return fmt.Errorf("creating token %q: %w", r.Name, err)
	}
	return nil
}

// Revoke implements Store.
func (s *Stored) Revoke(ctx context.Context, id string) error {
	n, err := s.db.Exec(ctx, `DELETE FROM token WHERE id = $1`, id)
	switch {
	case err != nil:
		return fmt.Errorf("revoking token %q: %w", id, err)
	case n == 0:
		return ErrUnknown
	}
	return nil
}

func (s *Stored) each(ctx context.Context, query string, args []any, f func(*Record)) error {
	return s.db.Each(ctx, query, args, func(scan func(...any) error) error {
		var r Record
		var sum, grants []byte
		var expires, created int64
		if err := scan(&r.ID, &r.Name, &sum, &grants, &expires, &created); err != nil {
			return err
		}
		var g granted
		if err := json.Unmarshal(grants, &g); err != nil || copy(r.Sum[:], sum) != len(r.Sum) {
			return fmt.Errorf("token %q is not as it was written: %w", r.Name, errors.Join(errRow, err))
		}
		r.Grants = Grants{Accounts: g.Accounts, Write: g.Write, Resources: g.Resources, Formats: g.Formats}
		r.Limit = kv.Rate{Requests: g.Requests, Per: g.Per}
		r.Expires, r.Created = moment(expires), moment(created)
		f(&r)
		return nil
	})
}

var errRow = errors.New("its row is no token's")

// micros is a moment as a column has it, 0 for never.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}
