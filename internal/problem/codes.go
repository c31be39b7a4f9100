package problem

import (
	"net/http"
	"slices"
)

// Code is the stable name of a kind of problem.
type Code string

const (
	Unauthorized       Code = "unauthorized"
	TokenMalformed     Code = "token_malformed"
	TokenExpired       Code = "token_expired"
	NotFound           Code = "not_found"
	AccountNotFound    Code = "account_not_found"
	UnknownModel       Code = "unknown_model"
	UnknownResource    Code = "unknown_resource"
	UnknownMethod      Code = "method_not_supported"
	MethodNotAllowed   Code = "method_not_allowed"
	WriteForbidden     Code = "write_forbidden"
	ResourceForbidden  Code = "resource_forbidden"
	FormatForbidden    Code = "format_forbidden"
	MintForbidden      Code = "mint_forbidden"
	AccountExists      Code = "account_exists"
	AccountBlocked     Code = "account_blocked"
	AccountReadOnly    Code = "account_read_only"
	TokenExists        Code = "token_exists"
	TokenReadOnly      Code = "token_read_only"
	SecretUnreadable   Code = "secret_unreadable"
	InvalidParameter   Code = "invalid_parameter"
	UnknownParameter   Code = "unknown_parameter"
	MissingParameter   Code = "missing_parameter"
	UnsupportedFilter  Code = "unsupported_filter"
	InvalidBody        Code = "invalid_body"
	DuplicateKey       Code = "duplicate_key"
	ResponseTooLarge   Code = "response_too_large"
	TooManyGroups      Code = "too_many_groups"
	CursorInvalid      Code = "cursor_invalid"
	CursorExpired      Code = "cursor_expired"
	CursorMismatch     Code = "cursor_mismatch"
	CursorStale        Code = "cursor_stale"
	NeedsReauth        Code = "needs_reauth"
	RemoteError        Code = "remote_error"
	RemoteForbidden    Code = "remote_forbidden"
	RateLimited        Code = "remote_rate_limited"
	AccountMisconfig   Code = "account_misconfigured"
	PlanUnsupported    Code = "plan_unsupported"
	UpstreamFailed     Code = "upstream_failed"
	UpstreamUnreach    Code = "upstream_unreachable"
	UpstreamDNS        Code = "upstream_dns"
	UpstreamTLS        Code = "upstream_tls"
	UpstreamReset      Code = "upstream_reset"
	UpstreamCorrupt    Code = "upstream_corrupt"
	UpstreamUnexpected Code = "upstream_unexpected"
	UpstreamTooLarge   Code = "upstream_too_large"
	UpstreamRedirect   Code = "upstream_redirect"
	UpstreamTimeout    Code = "upstream_timeout"
	PaginationLoop     Code = "pagination_loop"
	JobPending         Code = "job_pending"
	JobFailed          Code = "job_failed"
	EgressDenied       Code = "egress_denied"
	MappingFailed      Code = "mapping_failed"
	Unavailable        Code = "upstream_unavailable"
	StoreUnavailable   Code = "store_unavailable"
	TooManyRequests    Code = "rate_limited"
	TooLarge           Code = "request_too_large"
	MalformedRequest   Code = "malformed_request"
	HeadersTooLarge    Code = "headers_too_large"
	Timeout            Code = "timeout"
	Stopping           Code = "shutting_down"
	ClientGone         Code = "client_gone"
	Internal           Code = "internal"
)

// Entry is a row of the table of codes.
type Entry struct {
	Code   Code
	Status int
	What   string // what happened
	Do     string // what to do about it
}

// statusClientGone is nginx's word in the log for a client that left; nobody receives it.
const statusClientGone = 499

// table is the one place that knows a code's status.
var table = []Entry{
	{Unauthorized, http.StatusUnauthorized, "The bearer token is missing or wrong, or was revoked.", "Send `Authorization: Bearer TOKEN` with a token of `auth.tokens`."},
	{TokenMalformed, http.StatusUnauthorized, "The bearer token was cut or mistyped: its checksum does not fit.", "Send it exactly as it was shown."},
	{TokenExpired, http.StatusUnauthorized, "The bearer token, or the one that minted it, has expired.", "Ask for a new one."},
	{NotFound, http.StatusNotFound, "No such route, or no such object at the provider.", "Compare the path with `GET /openapi.json`."},
	{AccountNotFound, http.StatusNotFound, "No such integrated account, or not one of this token's.", "List those that the token may see: `GET /integrated-account`."},
	{UnknownModel, http.StatusNotFound, "The model in the path is unknown.", "Use `usage-metering`."},
	{UnknownResource, http.StatusNotFound, "The resource in the path is unknown.", "The message names the nearest; `GET /integrated-account/{id}/capabilities` lists all."},
	{UnknownMethod, http.StatusMethodNotAllowed, "The connector does not have this resource or method.", "`GET /integrated-account/{id}/capabilities` lists what it has."},
	{MethodNotAllowed, http.StatusMethodNotAllowed, "The route does not take this HTTP method.", "See the `Allow` header."},
	{WriteForbidden, http.StatusForbidden, "The token may not write through `/proxy` and `/custom`.", "Set `write: true` on the token."},
	{ResourceForbidden, http.StatusForbidden, "The token does not reach this resource, or this part of the gateway.", "Name it in `resources` of the token."},
	{FormatForbidden, http.StatusForbidden, "The token does not get this response format.", "Name it in `formats` of the token, or ask for another one."},
	{MintForbidden, http.StatusForbidden, "An account token mints no other tokens.", "Ask with the token that minted it."},
	{AccountExists, http.StatusConflict, "An integrated account has this id already.", "Change that one with PATCH, or leave `id` out to have one made."},
	{AccountBlocked, http.StatusForbidden, "The operator has blocked the integrated account.", "On the admin surface, PATCH its `status` to `active`."},
	{AccountReadOnly, http.StatusConflict, "The accounts are those of the configuration, which lists them.", "Change the file and reload, or have `accounts.store` name a database."},
	{TokenExists, http.StatusConflict, "A token has this name already.", "Revoke that one, or choose another name."},
	{TokenReadOnly, http.StatusConflict, "The tokens are those of the configuration, which lists them.", "Change the file and reload, or have `accounts.store` name a database."},
	{SecretUnreadable, http.StatusInternalServerError, "The account's credentials don't open: a key was taken out of `secret_key` too early, or their rows were altered.", "Put the key back (`meterbridge keys status` says which), or set the credentials anew."},
	{InvalidParameter, http.StatusBadRequest, "A parameter is malformed or out of bounds.", "`details.parameter` names it, the message says what it takes."},
	{UnknownParameter, http.StatusBadRequest, "With `strict=true`, a parameter that nothing understands.", "The message names the nearest known one; provider parameters go into `remote_query[…]`."},
	{MissingParameter, http.StatusBadRequest, "A required parameter is missing.", "`details.parameter` names it."},
	{UnsupportedFilter, http.StatusBadRequest, "A filter on a field that this connector never fills.", "The message names the fields that it fills."},
	{InvalidBody, http.StatusBadRequest, "The request's body is malformed.", "The message says where."},
	{DuplicateKey, http.StatusBadRequest, "`truto_key_by` met a record without the key, or a key twice.", "Key by a unique field, such as `id`."},
	{ResponseTooLarge, http.StatusBadRequest, "A format that needs the page in memory passed 32 MiB.", "Lower `limit`, or use `stream`."},
	{TooManyGroups, http.StatusBadRequest, "`summary_by` met more groups than it holds.", "Sum by fewer dimensions, over a shorter range, or with a filter."},
	{CursorInvalid, http.StatusBadRequest, "The cursor was altered, or belongs to another account or key.", "Send it back exactly as it came, or start again without one."},
	{CursorExpired, http.StatusBadRequest, "The cursor is older than `cursors.ttl`.", "Start again without one."},
	{CursorMismatch, http.StatusBadRequest, "The cursor belongs to another query of this account.", "Repeat the parameters of the request that gave it."},
	{CursorStale, http.StatusBadRequest, "The record that the cursor stands on is gone, or the connector has changed.", "Start again without a cursor."},
	{NeedsReauth, http.StatusUnauthorized, "The provider refuses the account's credentials.", "Renew the credentials of the account."},
	{RemoteError, http.StatusBadRequest, "The provider refused the request; its status is passed on.", "`raw_response` has the provider's words."},
	{RemoteForbidden, http.StatusForbidden, "The credentials are valid, but may not do this.", "Grant the scopes in `truto_error_insight.forbidden_error`."},
	{RateLimited, http.StatusTooManyRequests, "The provider limits the rate of this account.", "Wait for `Retry-After` seconds."},
	{AccountMisconfig, http.StatusBadRequest, "The account's configuration can't work with this provider.", "The message says which `context` value to change."},
	{PlanUnsupported, http.StatusBadRequest, "The customer's plan at the provider does not include this API.", "The message says which plan is needed."},
	{UpstreamFailed, http.StatusBadGateway, "The provider answered with a server error.", "Try again later; `details.status` and `raw_response` say more."},
	{UpstreamUnreach, http.StatusBadGateway, "No connection to the provider.", "Check `context.base_url` and the network."},
	{UpstreamDNS, http.StatusBadGateway, "The provider's host name does not resolve.", "Check `context.base_url`."},
	{UpstreamTLS, http.StatusBadGateway, "The provider's certificate does not verify.", "Check `context.base_url`; verification can't be turned off."},
	{UpstreamReset, http.StatusBadGateway, "The provider broke the connection.", "Go on with `next_cursor`, or try again."},
	{UpstreamCorrupt, http.StatusBadGateway, "The provider's body is malformed or cut off.", "Go on with `next_cursor`, or try again."},
	{UpstreamUnexpected, http.StatusBadGateway, "The provider's answer is well formed and not what its API promises.", "`details` says what was met; a proxy or login page in between is common."},
	{UpstreamTooLarge, http.StatusBadGateway, "The provider's body passes the limits of docs/limits.md.", "Ask for a smaller range or page."},
	{UpstreamRedirect, http.StatusBadGateway, "The provider redirects; redirects are not followed.", "Set `context.base_url` to where it points."},
	{UpstreamTimeout, http.StatusGatewayTimeout, "The provider is too slow.", "Go on with `next_cursor`, or ask for less."},
	{PaginationLoop, http.StatusBadGateway, "The provider gave the same page cursor again.", "Report it to the provider; `raw` shows its pages."},
	{JobPending, http.StatusGatewayTimeout, "The provider's report is not ready yet.", "Ask again after `Retry-After` seconds, with `next_cursor` or as before: the job is joined."},
	{JobFailed, http.StatusBadGateway, "The provider's report failed.", "The message has the provider's reason."},
	{EgressDenied, http.StatusBadGateway, "The address to call is not public, or not this connector's.", "Allow the range in `egress.allow` if it is meant."},
	{MappingFailed, http.StatusBadGateway, "The mapping can't read the provider's item.", "`raw` shows the item; the message names mapping and line."},
	{Unavailable, http.StatusServiceUnavailable, "The provider is out of order for a while: it says so, or most of the last calls to it failed and it is left alone.", "Wait for `Retry-After` seconds."},
	{StoreUnavailable, http.StatusServiceUnavailable, "A store that is needed does not answer, or takes nothing: that of accounts, that of tokens, or that of positions too large for a cursor.", "Try again; `/readyz` has the state of the stores."},
	{TooManyRequests, http.StatusTooManyRequests, "A limit of the gateway's own.", "Wait for `Retry-After` seconds."},
	{TooLarge, http.StatusRequestEntityTooLarge, "The request's body or path is too large.", "See `meterbridge docs limits`."},
	{MalformedRequest, http.StatusBadRequest, "The request is no HTTP that the gateway can read.", "The message says what is wrong with it."},
	{HeadersTooLarge, http.StatusRequestHeaderFieldsTooLarge, "The request's headers are too large together.", "See `meterbridge docs limits`."},
	{Timeout, http.StatusGatewayTimeout, "The request's deadline passed.", "Go on with `next_cursor`, or ask for less."},
	{Stopping, http.StatusServiceUnavailable, "The gateway is being stopped, and the request was still under way.", "Go on with `next_cursor` where there is one, or try again: at another replica, or here after `Retry-After` seconds."},
	{ClientGone, statusClientGone, "The client left before the answer.", "Nothing; seen in logs only."},
	{Internal, http.StatusInternalServerError, "A defect of the gateway.", "Report it with `request_id`."},
}

var statuses = func() map[Code]int {
	m := make(map[Code]int, len(table))
	for _, e := range table {
		m[e.Code] = e.Status
	}
	return m
}()

// Status is the HTTP status of a code; 500 for one that is not in the table.
func (c Code) Status() int {
	if s, ok := statuses[c]; ok {
		return s
	}
	return http.StatusInternalServerError
}

// Table is every code in the order of the documentation.
func Table() []Entry { return slices.Clone(table) }
