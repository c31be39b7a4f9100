package admin

import (
	"crypto/rand"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/meterbridge/meterbridge/internal/database"
	"github.com/meterbridge/meterbridge/internal/kv"
	"github.com/meterbridge/meterbridge/internal/principal"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// MaxTokenName bounds the name of a token, in bytes.
const MaxTokenName = 100

// Tokens administers API tokens.
type Tokens struct {
	Store   principal.Store // nil: the configuration lists them, and nothing here changes it
	Changed func()          // hears that a token was made or revoked
	Clock   func() time.Time
}

// TokenDraft is a token that shall be made. What stands in resources and formats takes something away; without them it has all.
type TokenDraft struct {
	Name      string     `json:"name"`
	Accounts  []string   `json:"accounts"` // ids, tenant:ID, or *
	Write     bool       `json:"write,omitempty"`
	Resources []string   `json:"resources,omitempty"`
	Formats   []string   `json:"formats,omitempty"`
	Expires   string     `json:"expires,omitempty"` // an instant
	Limit     *TokenRate `json:"limit,omitempty"`
}

// TokenRate is a limit of a token's own.
type TokenRate struct {
	Rate int    `json:"rate"`
	Per  string `json:"per"` // a duration such as 1m
}

// Token is a token as its operator sees it: everything but the token.
type Token struct {
	ID string `json:"id"`
	TokenDraft
	CreatedAt string `json:"created_at"`
}

// NewToken is a token that was just made, with the token itself: this once.
type NewToken struct {
	Token string `json:"token"`
	View  Token  `json:"principal"`
}

// TokenList are all tokens.
type TokenList struct {
	Result []Token `json:"result"`
	Count  int     `json:"result_count"`
}

const tagTokens = "Tokens"

// Routes are the rows of tokens.
func (x *Tokens) Routes() []Route {
	changes := []int{http.StatusBadRequest, http.StatusConflict, http.StatusServiceUnavailable}
	return []Route{
		{Method: "GET", Path: "/token", Policy: Operator, Handle: x.list, ID: "listTokens", Tag: tagTokens, Summary: "List API tokens",
			Text: "Those of the database in the order in which they were made, and what each may do; never a token itself.", Answer: reflect.TypeFor[TokenList](), Problems: changes},
		{Method: "POST", Path: "/token", Policy: Operator, Handle: x.create, Status: http.StatusCreated, ID: "createToken", Tag: tagTokens, Summary: "Create an API token",
			Text: "The answer shows the token, and nothing ever does again. `resources` (`usage-metering/RESOURCE`, `proxy/RESOURCE`, `*` for all of them, `custom`, `metrics`) and `formats` narrow it; without them it has all.",
			Body: reflect.TypeFor[TokenDraft](), Answer: reflect.TypeFor[NewToken](), Problems: changes},
		{Method: "DELETE", Path: "/token/{id}", Policy: Operator, Handle: x.revoke, ID: "revokeToken", Tag: tagTokens, Summary: "Revoke an API token",
			Text: "It ends here at once and in every other replica within 5 s, and with it the account tokens that it minted.", Problems: append(changes, http.StatusNotFound)},
	}
}

func (x *Tokens) list(r *http.Request) (any, error) {
	if err := x.ready(r); err != nil {
		return nil, err
	}
	all, err := x.Store.List(r.Context())
	if err != nil {
		return nil, x.problem(err, "")
	}
	out := TokenList{Result: []Token{}, Count: len(all)}
	for i := range all {
		out.Result = append(out.Result, viewOf(&all[i]))
	}
	return out, nil
}

func (x *Tokens) create(r *http.Request) (any, error) {
	if err := x.ready(r); err != nil {
		return nil, err
	}
	var d TokenDraft
	if err := Read(r, &d); err != nil {
		return nil, err
	}
	made, err := d.record()
	if err != nil {
		return nil, err
	}
	token := principal.NewToken()
	made.ID, made.Sum, made.Created = rand.Text(), principal.SumOf(token), x.Clock().UTC()
	if !made.Expires.IsZero() && !made.Expires.After(made.Created) {
		return nil, problem.Param(problem.InvalidBody, "expires", "expires lies in the past")
	}
	if err := x.Store.Create(r.Context(), *made); err != nil {
		return nil, x.problem(err, d.Name)
	}
	x.Changed()
	return NewToken{token, viewOf(made)}, nil
}

func (x *Tokens) revoke(r *http.Request) (any, error) {
	if err := x.ready(r); err != nil {
		return nil, err
	}
	id := r.PathValue("id")
	err := x.Store.Revoke(r.Context(), id)
	x.Changed()
	return nil, x.problem(err, id)
}

// ready reads what no route of tokens has, and wants a store.
func (x *Tokens) ready(r *http.Request) error {
	if _, err := Query(r, nil); err != nil {
		return err
	}
	if x.Store == nil {
		return problem.New(problem.TokenReadOnly, "the tokens of this gateway are listed in its configuration; change them there, or have accounts.store name a database")
	}
	return nil
}

// problem is what the store says, as an answer.
func (x *Tokens) problem(err error, of string) error {
	switch {
	case errors.Is(err, principal.ErrUnknown):
		return problem.New(problem.NotFound, "there is no token with the id %q", of)
	case errors.Is(err, principal.ErrTaken):
		return problem.Param(problem.TokenExists, "name", "there is a token %q already; revoke that one, or choose another name", of)
	case errors.Is(err, database.ErrUnavailable):
		return problem.Wrap(problem.StoreUnavailable, err, "the database of tokens does not answer, or takes nothing; nothing was changed")
	}
	return err
}

// record is the draft as a store has it, without what the gateway adds.
func (d *TokenDraft) record() (*principal.Record, error) {
	wrong := func(field, format string, args ...any) (*principal.Record, error) {
		return nil, problem.Param(problem.InvalidBody, field, format, args...)
	}
	if d.Name == "" || len(d.Name) > MaxTokenName || !utf8.ValidString(d.Name) || strings.IndexFunc(d.Name, unicode.IsControl) >= 0 {
		return wrong("name", "name is a text of 1 to %d bytes, for people and the log", MaxTokenName)
	}
	if len(d.Accounts) == 0 {
		return wrong("accounts", `accounts is missing: a list of ids, tenant:ID, or "*" for all`)
	}
	r := &principal.Record{}
	r.Name, r.Grants = d.Name, principal.Grants{Accounts: d.Accounts, Write: d.Write, Resources: d.Resources, Formats: d.Formats}
	if err := r.Check(); err != nil {
		return nil, err
	}
	var err error
	if d.Expires != "" {
		if r.Expires, err = time.Parse(time.RFC3339, d.Expires); err != nil {
			return wrong("expires", "expires is an instant such as 2027-01-31T12:00:00Z")
		}
		r.Expires = r.Expires.UTC().Truncate(time.Second)
	}
	if d.Limit != nil {
		per, err := time.ParseDuration(d.Limit.Per)
		if r.Limit = (kv.Rate{Requests: d.Limit.Rate, Per: per}); err != nil || r.Limit.Requests < 1 || r.Limit.Requests > kv.MaxRate || per <= 0 || per > kv.MaxRatePer {
			return wrong("limit", "limit has a rate of 1 to %d requests, and per, a duration such as 1m up to %s", kv.MaxRate, kv.MaxRatePer)
		}
	}
	return r, nil
}

func viewOf(r *principal.Record) Token {
	t := Token{ID: r.ID, CreatedAt: r.Created.Format(time.RFC3339),
		TokenDraft: TokenDraft{Name: r.Name, Accounts: append([]string{}, r.Accounts...), Write: r.Write, Resources: r.Resources, Formats: r.Formats}}
	if !r.Expires.IsZero() {
		t.Expires = r.Expires.Format(time.RFC3339)
	}
	if !r.Limit.IsZero() {
		t.Limit = &TokenRate{r.Limit.Requests, r.Limit.Per.String()}
	}
	return t
}
