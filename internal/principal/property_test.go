package principal

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/meterbridge/meterbridge/internal/secret"
)

var (
	someResources = []string{Everything, "usage-metering/*", "usage-metering/usage", "usage-metering/users", "proxy/*", "proxy/usage", "proxy/invoices", AreaCustom, AreaMetrics}
	someActions   = func() (all []Action) {
		for _, at := range [][2]string{{"usage-metering", "usage"}, {"usage-metering", "users"}, {AreaProxy, "usage"}, {AreaProxy, "invoices"}, {AreaCustom, ""}} {
			for _, format := range Formats() {
				for _, write := range []bool{false, true} {
					all = append(all, Action{at[0], at[1], format, write})
				}
			}
		}
		return all
	}()
)

func someGrants(t *rapid.T, label string) Grants {
	list := func(of []string, label string) []string {
		if rapid.Bool().Draw(t, label+" narrowed") {
			return rapid.SliceOfNDistinct(rapid.SampledFrom(of), 1, 4, rapid.ID[string]).Draw(t, label)
		}
		return nil
	}
	return Grants{Accounts: []string{"a"}, Write: rapid.Bool().Draw(t, label+" writes"), Resources: list(someResources, label+" resources"), Formats: list(Formats(), label+" formats")}
}

// An account token never does what its minter may not, whatever both were granted; what it was asked to do and was made, it
// does; and where its minter is narrowed later, so is it.
func TestAnAccountTokenIsNeverWiderThanItsMinter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk(t, secret.RandomKeyring(), nil)
		d.minter.Grants = someGrants(t, "minter")
		asked := someGrants(t, "asked")
		token, _, err := d.Mint(d.minter, "a", asked, time.Minute)
		if err != nil {
			token = ""
		}
		for _, later := range []Grants{d.minter.Grants, someGrants(t, "minter, later")} {
			if d.minter.Grants = later; token == "" {
				break
			}
			minted, err := d.Authenticate(t.Context(), "Bearer "+token)
			if err != nil {
				t.Fatal(err)
			}
			alone := &Principal{Grants: asked}
			for _, act := range someActions {
				may, minter, own := minted.Allows(act) == nil, d.minter.Allows(act) == nil, alone.Allows(act) == nil
				if may != (minter && own) {
					t.Errorf("%+v: %t, its minter %t, by its own grants %t", act, may, minter, own)
				}
			}
		}
	})
}

// What minting refuses would have been wider, and what it lets pass is not: nobody is told later what they can't do.
func TestMintingRefusesWhatWouldBeWider(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk(t, secret.RandomKeyring(), nil)
		d.minter.Grants = someGrants(t, "minter")
		asked := someGrants(t, "asked")
		_, _, err := d.Mint(d.minter, "a", asked, time.Minute)
		wider := asked.Write && !d.minter.Write
		for _, act := range someActions {
			// Where a list is left out, it is the minter's.
			byResource := asked.Resources == nil || !asked.Reaches(act.Area, act.Name) || d.minter.Reaches(act.Area, act.Name)
			byFormat := asked.Formats == nil || !asked.Gives(act.Format) || d.minter.Gives(act.Format)
			wider = wider || !byResource || !byFormat
		}
		if wider && err == nil {
			t.Errorf("%+v mints %+v", d.minter.Grants, asked)
		}
	})
}
