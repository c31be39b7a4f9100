package main

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/simulate"
)

type mappingsVerb struct {
	JQ   mappingsJQVerb   `cmd:"" name:"jq" help:"Print the mapping of a resource as one program that jq itself runs."`
	Diff mappingsDiffVerb `cmd:"" help:"Show what overrides would change, over the recorded pages of a connector."`
}

type mappingsDiffVerb struct {
	Name      string `arg:"" help:"The connector."`
	Resource  string `help:"Only this resource; default: all that the overrides name." placeholder:"NAME"`
	Overrides string `help:"The environment's folder of overrides; it holds usage-metering/. Default: overrides/ of the working directory, or with --config the configuration's." type:"path" placeholder:"DIR"`
	Override  string `help:"One file of overrides in the folder's place: a def for each resource." type:"path" placeholder:"FILE.jq"`
	Account   string `help:"Lay the overrides of this account over them." placeholder:"ID"`
	Config    string `help:"The configuration that has the account." type:"path" placeholder:"FILE"`
	JSON      bool   `help:"As JSON." name:"json"`
	folders
}

func (v *mappingsDiffVerb) Run(ctx context.Context, to std) error {
	files, own, err := v.layers()
	if err != nil {
		return err
	}
	cassettes, err := files.Cassettes()
	if err != nil {
		return inputError{err}
	}
	i := slices.IndexFunc(cassettes, func(c *simulate.Cassette) bool { return c.Name == v.Name })
	if i < 0 {
		var names []string
		for _, c := range cassettes {
			names = append(names, c.Name)
		}
		return unknownName("connector with a cassette", v.Name, names)
	}
	d := newDifferences(v.Name, v.Resource)
	trial := &assembly.Trial{Connector: v.Name, File: v.Override, Account: own, Told: d.told}
	replay, err := assembly.NewReplay(files, cassettes[i], assembly.Options{Version: version, Hurry: true, Trial: trial})
	if err != nil {
		return err
	}
	defer replay.Close()
	if v.Resource != "" && !slices.Contains(replay.Catalog().Model.Names(), v.Resource) {
		return unknownName("resource", v.Resource, replay.Catalog().Model.Names())
	}
	if err := errors.Join(replay.Map(), ctx.Err()); err != nil {
		return err
	}
	if v.JSON {
		err = printJSON(to.out, d)
	} else {
		d.print(to.out)
	}
	if err == nil && len(d.Errors) > 0 {
		return errSaid
	}
	return err
}

// layers are the files whose overrides are tried, and those of the account.
func (v *mappingsDiffVerb) layers() (assembly.Files, *account.Overrides, error) {
	files := v.files()
	files.OverridesDir = v.Overrides
	var own *account.Overrides
	if v.Account != "" || v.Config != "" {
		cfg, err := config.Load(cmp.Or(v.Config, defaultConfig))
		if err != nil {
			return files, nil, err
		}
		files.ConnectorsDir, files.MappingsDir = cmp.Or(v.Connectors, cfg.Connectors.Dir, files.ConnectorsDir), cmp.Or(v.Mappings, cfg.Mappings.Dir, files.MappingsDir)
		if v.Override == "" {
			files.OverridesDir = cmp.Or(v.Overrides, cfg.Overrides.Dir)
		}
		if v.Account != "" {
			if own, err = v.accountOf(cfg); err != nil {
				return files, nil, err
			}
		}
	} else if v.Override == "" && v.Overrides == "" && holds(environmentFolder, "*.jq") {
		files.OverridesDir = overridesFolder
	}
	switch {
	case v.Override != "" && v.Overrides != "":
		return files, nil, badInput("--override is one file and --overrides a folder: give one of them")
	case v.Override == "" && files.OverridesDir == "" && own == nil:
		return files, nil, badInput("which overrides? --overrides DIR, --override FILE.jq, or --account ID --config FILE")
	}
	return files, own, nil
}

func (v *mappingsDiffVerb) accountOf(cfg *config.Config) (*account.Overrides, error) {
	var ids []string
	for _, a := range cfg.Accounts.Static {
		if ids = append(ids, a.ID); a.ID != v.Account {
			continue
		}
		if a.Connector != v.Name {
			return nil, badInput("the account %s is one of %s, and not of %s", a.ID, a.Connector, v.Name)
		}
		return a.Overrides, nil
	}
	return nil, unknownName("account", v.Account, ids)
}

// told takes one record in. Requests of a cassette overlap: what two of them give alike counts once.
func (d *differences) told(t mapping.Tried) {
	if d.resource != "" && t.Resource != d.resource {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	key := t.Resource + "\x00" + string(t.Before) + "\x00" + string(t.After)
	if d.seen[key] {
		return
	}
	d.seen[key] = true
	d.Records++
	if t.Err != nil {
		d.failed(t)
		return
	}
	d.compare(t)
}
