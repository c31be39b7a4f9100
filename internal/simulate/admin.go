package simulate

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// maxScale bounds what one request can ask of the machine.
const maxScale = 1_000_000

// admin answers what is below /_simulate, and the index.
func (s *Simulator) admin(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	chosen := s.names
	if name := q.Get("connector"); name != "" {
		if s.tapes[name] == nil {
			reply(w, http.StatusNotFound, map[string]any{"error": fmt.Sprintf("no cassette %q", name), "cassettes": s.names})
			return
		}
		chosen = []string{name}
	}
	each := func(do func(*tape)) {
		for _, n := range chosen {
			t := s.tapes[n]
			t.mu.Lock()
			do(t)
			t.mu.Unlock()
		}
	}
	switch r.Method + " " + r.URL.Path {
	case "POST /_simulate/faults":
		f, err := s.newFault(q)
		if err != nil {
			reply(w, http.StatusBadRequest, map[string]any{"error": err.Error()})
			return
		}
		asked := *f // f counts down from here on
		each(func(t *tape) { t.faults = append(t.faults, f) })
		reply(w, http.StatusCreated, asked)
	case "GET /_simulate/faults":
		left := []fault{}
		each(func(t *tape) {
			for _, f := range t.faults {
				left = append(left, *f)
			}
		})
		reply(w, http.StatusOK, map[string]any{"faults": left})
	case "DELETE /_simulate/faults":
		each(func(t *tape) { t.faults = nil })
		w.WriteHeader(http.StatusNoContent)
	case "DELETE /_simulate/tokens":
		each(func(t *tape) { clear(t.tokens); clear(t.nonces) })
		w.WriteHeader(http.StatusNoContent)
	case "POST /_simulate/scale":
		n, err := strconv.Atoi(q.Get("times"))
		if err != nil || n < 1 || n > maxScale {
			reply(w, http.StatusBadRequest, map[string]any{"error": fmt.Sprintf("times: %q is not a number from 1 to %d", q.Get("times"), maxScale)})
			return
		}
		each(func(t *tape) { t.scale = n })
		w.WriteHeader(http.StatusNoContent)
	case "GET /_simulate/requests":
		out := map[string][]Seen{}
		each(func(t *tape) { out[t.Name] = slices.Clone(t.seen) })
		reply(w, http.StatusOK, map[string]any{"requests": out})
	case "GET /_simulate/accounts":
		reply(w, http.StatusOK, map[string]any{"accounts": s.Accounts("http://" + r.Host)})
	case "GET /":
		reply(w, http.StatusOK, map[string]any{"simulator": "Meterbridge", "cassettes": s.names, "see": []string{
			"/_simulate/accounts", "/_simulate/faults", "/_simulate/requests"}})
	default:
		reply(w, http.StatusNotFound, map[string]any{"error": "no such route", "routes": []string{
			"POST, GET, DELETE /_simulate/faults", "DELETE /_simulate/tokens", "POST /_simulate/scale",
			"GET /_simulate/requests", "GET /_simulate/accounts"}})
	}
}
