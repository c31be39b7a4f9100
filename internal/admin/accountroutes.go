package admin

import (
	"net/http"
	"reflect"

	"github.com/meterbridge/meterbridge/proxy"
)

const tagAccounts = "Accounts"

// Routes are the rows of integrated accounts.
func (x *Accounts) Routes() []Route {
	view := reflect.TypeFor[Account]()
	missing, changes := []int{http.StatusNotFound}, []int{http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusServiceUnavailable}
	return []Route{
		{Method: "GET", Path: "/integrated-account", Policy: Operator, Handle: x.list, ID: "listAccounts", Tag: tagAccounts, Summary: "List integrated accounts",
			Text: "All accounts in the order in which they were made, page by page.", Query: accountParameters, Answer: reflect.TypeFor[proxy.AccountList](),
			Problems: []int{http.StatusBadRequest, http.StatusServiceUnavailable}},
		{Method: "POST", Path: "/integrated-account", Policy: Operator, Handle: x.create, Status: http.StatusCreated, ID: "createAccount", Tag: tagAccounts, Summary: "Create an integrated account",
			Text: "The account is checked against what its connector declares, then against its provider: `status` in the answer is `active`; `validation_error` with the reason in `last_error`, where the provider refuses; or `connecting`, where it could not be asked. An account that is not active is there all the same, and becomes active with its first success.",
			Body: reflect.TypeFor[AccountDraft](), Answer: view, Problems: []int{http.StatusBadRequest, http.StatusConflict, http.StatusServiceUnavailable}},
		{Method: "GET", Path: "/integrated-account/{id}", Policy: Operator, Handle: x.get, ID: "getAccount", Tag: tagAccounts, Summary: "Get an integrated account",
			Text: "With the names of its credentials; they themselves never come back.", Answer: view, Problems: append(missing, http.StatusServiceUnavailable)},
		{Method: "PATCH", Path: "/integrated-account/{id}", Policy: Operator, Handle: x.patch, ID: "updateAccount", Tag: tagAccounts, Summary: "Change an integrated account",
			Text: "What is given is changed and all else stays: `context` and `credentials` key by key, where null takes a key out; `overrides` as a whole. New context or credentials are checked against the provider, as for a new account. `status` blocks an account, or sets it `active` again.",
			Body: reflect.TypeFor[AccountChange](), Answer: view, Problems: changes},
		{Method: "DELETE", Path: "/integrated-account/{id}", Policy: Operator, Handle: x.remove, ID: "deleteAccount", Tag: tagAccounts, Summary: "Remove an integrated account",
			Text: "With its credentials.", Problems: changes[1:]},
		{Method: "POST", Path: "/integrated-account/{id}/check", Policy: Operator, Handle: x.check, ID: "checkAccount", Tag: tagAccounts, Summary: "Check an integrated account against its provider",
			Text: "Makes the connector's check call, and keeps what it says as the account's `status`. A blocked account stays blocked.", Answer: view, Problems: append(missing, http.StatusServiceUnavailable)},
	}
}

var accountParameters = []Parameter{
	{"tenant_id", "Only accounts of this customer.", "acme-1"},
	{"status", "Only accounts with this status: `active`, `connecting`, `validation_error`, `needs_reauth` or `blocked`.", "needs_reauth"},
	{"connector", "Only accounts of this connector.", "acme"},
	{"limit", "Accounts of a page, 1 to 1000; 100 where it is not given.", "100"},
	{"next_cursor", "The next page: `next_cursor` of the last answer.", "NDI"},
}
