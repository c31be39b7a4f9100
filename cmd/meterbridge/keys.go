package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/audit"
	"github.com/meterbridge/meterbridge/internal/config"
)

type keysVerb struct {
	Status keysStatusVerb `cmd:"" help:"Say which key of secret_key has sealed how many accounts, and which can be taken out."`
	Rotate keysRotateVerb `cmd:"" help:"Seal all accounts with the first key of secret_key, while the gateway serves."`
}

type keysStatusVerb struct {
	Config string `help:"The configuration; default: config.yaml." type:"path" placeholder:"FILE"`
	JSON   bool   `help:"As JSON." name:"json"`
}

// keyUse is a key, by what names it, and what it has sealed.
type keyUse struct {
	Key      string `json:"key"`
	Position int    `json:"position"` // in secret_key, from 1; 0: it is not there
	Accounts int    `json:"accounts"`
}

func (v *keysStatusVerb) Run(ctx context.Context, to std) error {
	return withKeys(ctx, v.Config, func(keys []string, store *account.Stored, _ *audit.Trail) error {
		sealed, err := store.SealedBy(ctx)
		if err != nil {
			return err
		}
		var all []keyUse
		for i, key := range keys {
			all = append(all, keyUse{key, i + 1, sealed[key]})
		}
		lost := 0
		for _, key := range sortedKeys(sealed) {
			if !slices.Contains(keys, key) {
				all = append(all, keyUse{key, 0, sealed[key]})
				lost += sealed[key]
			}
		}
		if v.JSON {
			return printJSON(to.out, all)
		}
		g := &grid{columns: []column{{title: "key"}, {title: "in secret_key"}, {title: "accounts", number: true}, {title: "what it is for", long: true}}}
		for _, k := range all {
			g.add(k.Key, k.place(), fmt.Sprint(k.Accounts), k.says())
		}
		g.write(to.out, "", widthOf(to.out))
		if lost > 0 {
			return badInput("%s sealed by a key that secret_key no longer has; put it back at the end of the list", count(lost, "account"))
		}
		return nil
	})
}

func (k keyUse) place() string {
	if k.Position == 0 {
		return "missing"
	}
	return fmt.Sprintf("%d.", k.Position)
}

func (k keyUse) says() string {
	switch {
	case k.Position == 0:
		return "its accounts can't be read"
	case k.Position == 1:
		return "seals"
	case k.Accounts > 0:
		return "opens; meterbridge keys rotate seals with the first"
	}
	return "can be taken out, once cursors of before may end"
}

type keysRotateVerb struct {
	Config string `help:"The configuration, with the new key first in secret_key and the old one after it; default: config.yaml." type:"path" placeholder:"FILE"`
	JSON   bool   `help:"As JSON." name:"json"`
}

func (v *keysRotateVerb) Run(ctx context.Context, to std) error {
	return withKeys(ctx, v.Config, func(keys []string, store *account.Stored, trail *audit.Trail) error {
		var n int
		var unreadable []string
		done := audit.Entry{At: time.Now(), Actor: commandLine, Action: "rotateKeys", Target: keys[0]}
		err := trail.Do(ctx, done, func(ctx context.Context) (err error) {
			n, unreadable, err = store.Reseal(ctx)
			return err
		})
		if err != nil {
			return err
		}
		if v.JSON {
			err = printJSON(to.out, map[string]any{"key": keys[0], "resealed": n, "unreadable": append([]string{}, unreadable...)})
		} else {
			fmt.Fprintf(to.out, "%s sealed with %s\n", count(n, "account"), keys[0])
		}
		if err == nil && len(unreadable) > 0 {
			return badInput("%s opened by no key of secret_key: %s", count(len(unreadable), "account"), printable(strings.Join(unreadable, ", ")))
		}
		return err
	})
}

// withKeys opens the database of a configuration, and names its keys in their order.
func withKeys(ctx context.Context, file string, do func(keys []string, store *account.Stored, trail *audit.Trail) error) error {
	cfg, err := config.Load(cmp.Or(file, defaultConfig))
	if err != nil {
		return err
	}
	if !cfg.Accounts.Stored() {
		return badInput("accounts.store names no database, so that secret_key seals nothing that lasts")
	}
	ring, _, err := cfg.Keyring()
	if err != nil {
		return err
	}
	store, trail, done, err := assembly.OpenAccounts(ctx, cfg, ring)
	if err != nil {
		return err
	}
	return errors.Join(do(ring.IDs(), store, trail), done())
}
