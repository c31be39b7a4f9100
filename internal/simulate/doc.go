// Package simulate serves cassettes over HTTP: it is the provider behind `demo`, `simulate`, `test`, the benchmarks
// and the end-to-end tests.
//
// A [Cassette] is one txtar file a provider (connectors/testdata/NAME.txtar) with the account's demo credentials, the
// exchanges (request pattern and answer) and the goldens that `test` compares with. A [Simulator] is an http.Handler
// over cassettes, each below /NAME: it matches a request, checks its credentials, and writes the answer with its dated
// items moved to the months that were asked for. All defects of a cassette are reported at once, as file:line: text.
//
// # The file
//
// What stands above the first file is prose: where the shapes come from and what is composed. Then:
//
//	-- cassette.yaml --        the account, the clock, what `test` asks
//	-- exchange/NAME --        one request pattern and its answer; the first that matches answers
//	-- answer/NAME --          an answer without a request: unauthorized, and whatever faults serve
//	-- golden/NAME.json --     what `test` expects of request NAME; written by `test --update`
//
// cassette.yaml:
//
//	month: 2026-09                       # the month of all items; a month that lacks an item's day lacks the item
//	now: 2026-10-05T12:00:00Z            # the clock for an exact replay
//	credentials: { api_key: demo-key, api_secret: demo-secret }
//	context: { token_url: "{base}/oauth/token" }   # base_url is "{base}" unless it stands here ("{base}/api")
//	auth:                                # what a request must carry; keys are headers, or query.NAME, form.NAME, cookie.NAME
//	  Authorization: "Basic {basic:api_key:api_secret}"    # or "Bearer {token}", or X-Key: "{api_key}"
//	requests:                            # in the order in which `test` asks
//	  usage:    { resource: usage, query: "start_date=2026-09-01&end_date=2026-09-30" }
//	  csv:      { resource: usage, query: "start_date=2026-09", format: csv }
//	  one:      { resource: organizations, id: org-1 }
//	  forecast: { resource: projected_cost, via: proxy }
//	  nobody:   { resource: organizations, id: no-such, status: 404 }   # an error is what the golden shows
//
// In auth, {NAME} is that credential, {basic:A:B} is base64 of the credentials A:B, {token} is any token that a token
// exchange has issued, unless a credential has this name. What a client makes anew for each request is verified, by code
// that shares nothing with the gateway's:
//
//	Authorization: "Digest {digest:public_key:private_key}"                          # RFC 7616 with SHA-256, of user and password
//	Authorization: "AWS4-HMAC-SHA256 {sigv4:access_key_id:secret_access_key}"        # over the request as it was received
//	Authorization: "Bearer {jwt:private_key}"                                        # signed with this key, with an exp ahead
//	form.client_assertion: "{jwt:private_key}"                                       # wherever a JWT may stand
//
// A request without a good digest is challenged: the refusal has a WWW-Authenticate header with a fresh nonce, stale=true
// where only the nonce or its count is old. A signature's date may be 15 minutes off; date and exp count by the
// cassette's clock or by the machine's, whichever fits. auth may be a list of such mappings, any one of which will do.
//
// format is unified (default), normalized, debug (golden .json), stream (.ndjson), csv (.csv) or
// raw (.raw); via is unified (default) or proxy; status is what the request is answered with, 200 by default. An answer
// with another status fails `test` and becomes no golden, whatever its body says.
//
// # An exchange
//
//	-- exchange/costs --
//	GET /v1/costs?start_date={start:date}&end_date={end:date}
//	items: data
//	date: start_date
//	id: id
//	fill: day
//
//	200
//	Content-Type: application/json
//	X-RateLimit-Remaining: 99
//
//	{"data": [{"id": "a", "start_date": "2026-09-01", …}], "metadata": {"next": "{self:page_token=p2}"}}
//
// Line one is method, path and query; the lines up to the blank one are directives (a YAML mapping, all optional);
// then the status, headers, a blank line and the body, served byte for byte but for items and placeholders.
//
// Pattern. A value is literal text with captures. In the query, in body and in form, a key that ends in ? may be
// absent, but matches if it is there: page?=1. Parameters that the pattern does not name are allowed (any page size,
// any remote_query), with one exception: a parameter that another exchange of the same method and path demands must be
// absent. So page two is an exchange with &page_token=p2, page one is the one without, and an unknown token matches
// neither. Bodies, forms and headers have no such rule: there the page without a token says absent. A parameter must be
// given as often as the pattern names it, in that order: group_by=a&group_by=b.
//
//	{start:KIND} {end:KIND}   the range. KIND: date (YYYY-MM-DD), month (YYYY-MM), hour (YYYY-MM-DDTHH), time (RFC 3339),
//	                          unix (seconds), unix_ms. An end is exclusive; last_date, last_month, last_hour are inclusive
//	{months}                  a text in which each YYYY-MM is a month asked for: filter={months}
//	{year} {month} {day}      the range as numbers: a year, a month of it, a day of that, as far as the pattern has them
//	{moved}                   behind an id in a path: the suffix that it got where it moved to another month, or nothing;
//	                          the items asked for are that month's: /invoices/inv-1{moved}
//	{job}                     the id of a job that this simulator started, with the range that started it
//	{NAME}                    anything (in a path: one segment), for the answer to give back; {*} anything, unnamed
//
// An end alone or a start alone means one month. An answer whose range came in by {job} uses the job's range.
//
// Directives:
//
//	items: data.rows        dotted path of the array of dated items; "." the body is the array; "csv" the rows of a CSV,
//	                        "ndjson" the lines of one document each. An item that is an array has paths such as 2
//	date: attributes.date   dotted path (CSV: column) of each item's date; demanded with items
//	id: id                  dotted path (CSV: column) of each item's id, a string; it gets a suffix where the item moves
//	counts: [start_time]    dotted paths (CSV: columns) of dates that are numbers, told by their digits: 5 are days since
//	                        1970, 8 are YYYYMMDD, 10 are Unix seconds, 13 are milliseconds
//	fill: day               with Shift, days of a month without items of their own get those of the last day before
//	                        (days before the first: those of the first), so that any range has some
//	ages: 2..12             only months that lie so many months before the clock's have items here
//	max_days: 31            a longer range is answered 400: give what the provider takes at most
//	within: month           a range that does not lie inside one month (or day) is answered 400
//	body: { startDate: "{start:date}", groupBy: day, "flag?": false }   the JSON body: named keys must match with their type
//	form: { grant_type: client_credentials, scope: [a, b] }            the same for a form body; a list is a name given twice
//	text: "SELECT {*} >= '{start:date}'{*}"                             a body of any other kind
//	absent: [cursor, page.token, X-Cursor]                              must be in no place: query, form, headers, JSON body
//	headers: { Accept: "application/json{*}" }                          headers demanded of the request
//	strict: true            parameters and body keys that the pattern does not name are refused
//	times: 1                answers only the first so many requests of a {job}; the next exchange goes on (polls)
//	job: submit-month       answers only a {job} that this exchange has started
//	auth: none              credentials are not looked at (default: cassette.yaml's auth); or a mapping as there; or
//	auth: refused           a request that carries any of cassette.yaml's auth is answered 400 (a signed download link)
//
// # Items and dates
//
// With items, an answer holds those inside the range alone. With [Config].Shift they are repeated for every month of
// the range within the last twelve months (and the current one, up to the clock): each string that is a date (YYYY-MM,
// YYYY-MM-DD with or without an hour or time after it, MM/DD/YY) moves by the same number of months, an end within 7
// days of the item's date keeping its distance. The id of an item that moved ends in the month (a-202608) or day it
// moved to. Without Shift only the cassette's own month has items, exactly as written. A request without a range gets
// the items once, in the clock's month (without Shift: as written), and none is too new.
// Items outside of the range that is asked for are cut, those on its edges are what shows an end that is off by one. Put
// an item on the first day and one on the last day of the month, and let a request of cassette.yaml ask for the last day
// alone: where the connector sends an exclusive end to a provider that takes an inclusive one, or the reverse, its golden
// has an item too many or none. max_days refuses what a provider refuses.
//
// Without items the body is served as it is. With the header Content-Encoding: gzip the body is compressed on the way,
// for a client that accepts it.
//
// Placeholders in headers and body:
//
//	{base}                  this simulator's URL of this provider: http://127.0.0.1:9090/acme
//	{other}                 the same under another host name: http://localhost:9090/acme
//	{self} {self:page=2}    the request's own URL, with these query parameters set: next links, in a body or a header
//	                        (Link: <{self:page=2}>; rel="next")
//	{start} {end} {NAME}    captured text given back (of a {job}: its start and end); {start:KIND} {end:KIND} in another form
//	{job}                   in the answer to a request without {job}: a fresh job id that remembers the range
//	{token}                 a fresh access token that {token} in auth accepts
//	{now:KIND}              the clock, and {now+60:unix} the clock a minute on: X-RateLimit-Reset: {now+60:unix}
//
// # An asynchronous job
//
//	-- exchange/submit --
//	POST /report
//	body: { startDate: "{start:date}", endDate: "{end:last_date}" }
//
//	200
//	Content-Type: application/json
//
//	{"jobId": "{job}"}
//	-- exchange/running --
//	GET /report/{job}/status
//	times: 1
//
//	200
//
//	{"status": "InProgress"}
//	-- exchange/done --
//	GET /report/{job}/status
//
//	200
//
//	{"status": "Success", "url": "{other}/download/{job}.csv?X-Expires=600&X-Signature=0a1b"}
//	-- exchange/download --
//	GET /download/{job}.csv?X-Expires=600&X-Signature=0a1b
//	auth: refused
//	items: csv
//	date: Date
//
//	200
//	Content-Type: text/csv
//
//	Date,Total
//	2026-09-01,12.50
//
// A link that has expired is one more exchange before the good one. Links that carry {job} count its requests, so that the
// first is refused and the one after the next poll is answered; the connector says `expired: 403` in its job:
//
//	-- exchange/expired --
//	GET /download/{job}.csv?X-Expires=600&X-Signature=0a1b
//	auth: refused
//	times: 1
//
//	403
//
// # Tokens
//
//	-- exchange/token --
//	POST /oauth/token
//	form: { grant_type: client_credentials }
//	auth: { Authorization: "Basic {basic:client_id:client_secret}" }
//
//	200
//	Content-Type: application/json
//
//	{"access_token": "{token}", "token_type": "Bearer", "expires_in": 600}
//
// # Answers and faults
//
// answer/unauthorized answers wrong or missing credentials (its status may be 403, where the provider's is), and
// answer/unauthorized_token those of a token exchange (an exchange with {token} in its answer), if there is one.
// Further answers (answer/rate_limited, answer/forbidden, …) are served on request. The statuses that lint wants to see, 401,
// 403 and 429, are an answer's or those of an API call's exchange; what refuses a download proves none.
//
//	POST   /_simulate/faults?connector=acme&fault=F&times=N   the next N (default 1; 0 until cleared) requests get fault F
//	GET    /_simulate/faults                                  those that are left
//	DELETE /_simulate/faults[?connector=acme]                 clears them
//
// F is an answer's name (rate_limited for answer/rate_limited); or a status, served by the answer with that status if there is one; or cut (half of the body,
// then the connection breaks), malformed (half of the body, ended cleanly), slow (the body in pieces, delay=100ms
// between them), stall (nothing for delay=30s). Further parameters: path=/v1/costs (only requests whose path, below
// /NAME, starts so), skip=N (the first N pass), retry_after=S (the Retry-After header).
//
//	DELETE /_simulate/tokens?connector=acme                   issued tokens and nonces are no longer accepted
//	POST   /_simulate/scale?connector=acme&times=N            every item N times, with ids of its own: for load
//	GET    /_simulate/requests?connector=acme                 the last requests: exchange, status, method, path, query, body
//	GET    /_simulate/accounts                                account of each provider: credentials, context
package simulate
