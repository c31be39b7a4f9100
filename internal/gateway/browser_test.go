package gateway_test

import (
	"os/exec"
	"strings"
	"testing"
)

// A real browser renders the page under its own policy; a script that breaks, or that the policy forbids, leaves it empty.
func TestABrowserRendersThePage(t *testing.T) {
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed (Debian: apt-get install chromium)")
	}
	h := newHouse(t)
	// The flags after --disable-gpu keep it from calling its maker.
	out, err := exec.CommandContext(t.Context(), browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir="+t.TempDir(), "--virtual-time-budget=10000", "--dump-dom", h.url+"/docs#list").Output()
	if err != nil {
		t.Fatalf("%s: %v", browser, err)
	}
	page := string(out)
	for what, text := range map[string]string{
		"the card of a route": `id="customGet"`, "a form": `id="list-query-integrated_account_id"`, "the line of curl": `curl -gsS -H "Authorization: Bearer $MB_TOKEN"`,
		"a record": `id="record-usage"`, "the navigation": `href="#list"`, "the version": `>test<`,
	} {
		if !strings.Contains(page, text) {
			t.Errorf("the page lacks %s", what)
		}
	}
	if strings.Contains(page, "can't be shown") {
		t.Errorf("the page says why it is empty:\n%.2000s", page)
	}
}
