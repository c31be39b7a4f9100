package gateway_test

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestListsOfAccountsChooseAndPage(t *testing.T) {
	e := newEstate(t)
	for id, key := range map[string]string{"a": "key", "b": "wrong", "c": "key"} {
		e.do(t, 201, "POST", "/integrated-account", `{"id": "`+id+`", "connector": "acme", "tenant_id": "north", "context": {"base_url": "BASE"}, "credentials": {"api_key": "`+key+`"}}`)
	}
	e.do(t, 201, "POST", "/integrated-account", `{"id": "d", "connector": "acme", "tenant_id": "south", "context": {"base_url": "BASE"}, "credentials": {"api_key": "key"}}`)
	surfaces := map[string]func(query string) reply{
		"admin": func(query string) reply { return e.admin.ask(t, "GET", "/integrated-account"+query, alice) },
		"data":  func(query string) reply { return e.data.ask(t, "GET", "/integrated-account"+query, everyone) },
	}
	for name, ask := range surfaces {
		for query, want := range map[string]int{"": 4, "?tenant_id=north": 3, "?status=active": 3, "?status=validation_error": 1, "?status=blocked": 0, "?connector=acme&tenant_id=south": 1, "?connector=other": 0, "?limit=1": 4, "?limit=3&status=active": 3, "?limit=2&tenant_id=north": 3} {
			n, next := 0, ""
			for {
				q := query
				if next != "" {
					q += "&next_cursor=" + next
				}
				got := ask(q)
				var page struct {
					Result []view
					Next   *string `json:"next_cursor"`
				}
				if err := json.Unmarshal(got.body, &page); err != nil || got.status != 200 {
					t.Fatalf("%s %s: %d %s", name, q, got.status, got.body)
				}
				if n += len(page.Result); page.Next == nil {
					break
				}
				if next = *page.Next; len(page.Result) == 0 {
					t.Fatalf("%s %s: an empty page with a cursor", name, q)
				}
			}
			if n != want {
				t.Errorf("%s %s: %d accounts, want %d", name, query, n, want)
			}
		}
		for query, code := range map[string]string{"?status=activ": "invalid_parameter", "?limit=0": "invalid_parameter", "?limit=1001": "invalid_parameter", "?next_cursor=%25": "cursor_invalid", "?next_cursor=eHl6": "cursor_invalid", "?limit=1&limit=2": "invalid_parameter"} {
			if got := ask(query); got.status != 400 || got.problem(t).Code != code {
				t.Errorf("%s %s: %d %s", name, query, got.status, got.body)
			}
		}
	}
	if got := e.data.ask(t, "GET", "/integrated-account?limit=2", tenant); !bytes.Contains(got.body, []byte(`"result_count":2`)) || bytes.Contains(got.body, []byte(`"south"`)) {
		t.Errorf("a tenant's list: %s", got.body)
	}
}
