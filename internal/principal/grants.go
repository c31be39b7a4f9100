package principal

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/near"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// Words of Grants.Formats beside the response formats of the contract.
const (
	FormatUnified     = "unified"
	FormatNormalized  = "normalized"
	FormatStream      = "stream" // as events, too
	FormatCSV         = "csv"
	FormatRaw         = "raw"
	FormatDebug       = "debug"
	FormatRemoteData  = "remote_data" // the provider's item in a unified record
	FormatPassthrough = "passthrough" // /proxy and /custom
)

// Formats are all words of Grants.Formats.
func Formats() []string {
	return []string{FormatUnified, FormatNormalized, FormatStream, FormatCSV, FormatRaw, FormatDebug, FormatRemoteData, FormatPassthrough}
}

const (
	// MaxGrants bounds each list of a token's grants.
	MaxGrants = 100
	// MaxGrant bounds one word of them, in bytes.
	MaxGrant = 200
)

// Names says whether the grants name the account of that id and tenant.
func (g *Grants) Names(id, tenant string) bool {
	return slices.ContainsFunc(g.Accounts, func(s string) bool {
		of, isTenant := strings.CutPrefix(s, TenantPrefix)
		return s == Everything || s == id || isTenant && tenant != "" && of == tenant
	})
}

// Reaches says whether the grants name the resource of the area, or do not narrow resources at all.
func (g *Grants) Reaches(area, name string) bool {
	return g.Resources == nil || slices.ContainsFunc(g.Resources, func(s string) bool {
		of, one, has := strings.Cut(s, "/")
		return s == Everything || of == area && (!has && name == "" || has && (one == Everything || one == name))
	})
}

// Gives says whether the grants name the format, or do not narrow formats at all.
func (g *Grants) Gives(format string) bool {
	return g.Formats == nil || slices.Contains(g.Formats, format)
}

// word is a resource as Grants.Resources writes it.
func word(area, name string) string {
	if name == "" {
		return area
	}
	return area + "/" + name
}

// ResourceWord says what is wrong with a word of Grants.Resources, or nil. What comes before a slash is the unified model or
// proxy, what comes after it a resource or * for all of them; custom and metrics stand alone.
func ResourceWord(s string) error {
	area, name, has := strings.Cut(s, "/")
	alone := s == Everything || s == AreaCustom || s == AreaMetrics
	switch {
	case len(s) > MaxGrant:
		return fmt.Errorf("is longer than %d bytes", MaxGrant)
	case alone:
		return nil
	case !has || area == "" || name == "" || area == AreaCustom || area == AreaMetrics || strings.Contains(name, "/"):
		return fmt.Errorf("wants usage-metering/RESOURCE, proxy/RESOURCE (* for all of them), custom, metrics or *")
	}
	return nil
}

// FormatWord says what is wrong with a word of Grants.Formats, or nil.
func FormatWord(s string) error {
	if !slices.Contains(Formats(), s) {
		return fmt.Errorf("there is no such format; the nearest is %q of %s", near.Any(s, Formats()), strings.Join(Formats(), ", "))
	}
	return nil
}

// AccountWord says what is wrong with a word of Grants.Accounts, or nil.
func AccountWord(s string) error {
	switch {
	case s == "":
		return fmt.Errorf("is empty")
	case len(s) > MaxGrant:
		return fmt.Errorf("is longer than %d bytes", MaxGrant)
	case s == TenantPrefix:
		return fmt.Errorf("%s wants an id after it", TenantPrefix)
	}
	return nil
}

// Check holds grants that came from outside to their bounds and words.
func (g *Grants) Check() error {
	for _, list := range []struct {
		name  string
		words []string
		check func(string) error
	}{{"accounts", g.Accounts, AccountWord}, {"resources", g.Resources, ResourceWord}, {"formats", g.Formats, FormatWord}} {
		if len(list.words) > MaxGrants {
			return problem.Param(problem.InvalidBody, list.name, "%s has more than %d entries", list.name, MaxGrants)
		}
		if list.words != nil && len(list.words) == 0 && list.name != "accounts" {
			return problem.Param(problem.InvalidBody, list.name, "%s is empty; leave it out for all", list.name)
		}
		for _, w := range list.words {
			if err := list.check(w); err != nil {
				return problem.Param(problem.InvalidBody, list.name, "%s: %q %v", list.name, clip(w), err)
			}
		}
	}
	return nil
}

// clip is a caller's word for a message.
func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "…"
	}
	return s
}

// covers is nil where a token with the narrower grants could do nothing that these don't allow. Accounts are not looked at:
// an account token has one, which its minter must see.
func (p *Principal) covers(narrower *Grants) error {
	if narrower.Write && !p.Write {
		return problem.New(problem.WriteForbidden, "this token may read only, and so may a token that it mints")
	}
	for _, s := range narrower.Resources {
		if s == Everything && p.Resources != nil && !slices.Contains(p.Resources, Everything) {
			return problem.New(problem.ResourceForbidden, "this token does not reach everything, and so may no token that it mints; it has %s", strings.Join(p.Resources, ", "))
		}
		if area, name, _ := strings.Cut(s, "/"); s != Everything && !p.Reaches(area, name) {
			return problem.New(problem.ResourceForbidden, "this token does not reach %s, and so may no token that it mints; it has %s", clip(s), strings.Join(p.Resources, ", "))
		}
	}
	for _, s := range narrower.Formats {
		if !p.Gives(s) {
			return problem.New(problem.FormatForbidden, "this token does not get the format %s, and so may no token that it mints; it gets %s", clip(s), strings.Join(p.Formats, ", "))
		}
	}
	return nil
}
