package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/meterbridge/meterbridge/internal/account"
	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/recorder"
	"github.com/meterbridge/meterbridge/internal/upstream"
)

type recordVerb struct {
	Name     string `arg:"" help:"The connector, or its file."`
	Resource string `arg:"" help:"usage, products, organizations, workspaces or users."`

	Account string   `help:"The integrated account; default: one of MB_<CONNECTOR>_<FIELD> in the environment." placeholder:"ID" short:"a"`
	Config  string   `help:"The configuration that has the account; default: config.yaml." type:"path" placeholder:"FILE"`
	Start   string   `help:"First day, month or instant; default: the start of last month." placeholder:"DATE"`
	End     string   `help:"Last day or month, or an exclusive instant; default: end of the start's month." placeholder:"DATE"`
	Remote  []string `help:"A parameter for the provider itself, such as page=2 or filter[tag]=x; may be repeated." name:"query" placeholder:"K=V" sep:"none"`
	Pages   int      `help:"At most so many of the provider's pages." default:"3" placeholder:"N"`
	Out     string   `help:"The cassette; default: connectors/testdata/NAME.txtar, or connectors/testdata/recorded/NAME.txtar where that is there." type:"path" placeholder:"FILE"`
	folders
}

func (v *recordVerb) Help() string {
	return `The call is made through the whole pipeline. What is written holds no credential, token, signature or e-mail address; where one
would be left, nothing is written. Names, ids and amounts are the provider's own: read the file before you share it.`
}

// recordedFolder is beside the cassettes, where none is taken for one.
const recordedFolder = "recorded"

func (v *recordVerb) Run(ctx context.Context, to std) error {
	if v.Pages < 1 {
		return badInput("--pages takes a number of pages, 1 or more")
	}
	c := &callVerb{Account: v.Account, Start: v.Start, End: v.End, Remote: v.Remote, ownAccount: ownAccount{Config: v.Config, folders: v.folders}}
	if v.Account == "" {
		c.Connector = v.Name
		if err := c.place(); err != nil {
			return err
		}
	}
	cfg, err := c.configuration("or leave --account out, and give the credentials in the environment")
	if err != nil {
		return err
	}
	out, err := v.out(cmp.Or(c.Connector, v.Name), cmp.Or(cfg.Connectors.Dir, connectorsFolder))
	if err != nil {
		return err
	}
	house, who, err := inProcessAsker(cfg, to)
	if err != nil {
		return err
	}
	defer house.Close()
	id := v.Account
	if id == "" {
		if id, err = c.fromEnvironment(house, os.LookupEnv); err != nil {
			return err
		}
	}
	acct, err := house.Accounts.Get(ctx, id)
	if err != nil {
		return badInput("there is no account %s in the configuration", id)
	}
	if c.Connector == "" && acct.Connector != v.Name {
		return badInput("the account %s is one of %s, and not of %s", id, acct.Connector, v.Name)
	}
	walk, live, err := v.walk(ctx, house, who, c, acct)
	if err != nil {
		return err
	}
	files := assembly.Files{ConnectorsDir: cfg.Connectors.Dir, MappingsDir: cfg.Mappings.Dir}
	text, n, err := replayable(ctx, files, walk, live)
	if err != nil {
		return err
	}
	if err := writeNew(out, text); err != nil {
		return err
	}
	fmt.Fprintf(to.out, "wrote %s: %s, %s\n", out, count(len(walk.Taken), "answer"), count(n, "record"))
	if walk.Next != nil {
		fmt.Fprintln(to.out, "It stops before the provider's last page; --pages takes more.")
	}
	fmt.Fprintf(to.out, "Read it: names and ids are the provider's own. Then: meterbridge test %s\n", out)
	return nil
}

// out is where the cassette goes, which must not be there yet.
func (v *recordVerb) out(name, folder string) (string, error) {
	dir := filepath.Join(folder, "testdata")
	tried := []string{filepath.Join(dir, name+".txtar"), filepath.Join(dir, recordedFolder, name+".txtar")}
	if v.Out != "" {
		if filepath.Base(v.Out) != name+".txtar" {
			return "", badInput("--out wants a file with the connector's name, %s.txtar, since a cassette is known by it", name)
		}
		tried = []string{v.Out}
	}
	for _, path := range tried {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return path, nil
		}
	}
	return "", badInput("%s is there already, and recordings replace nothing: move it, or name another folder with --out DIR/%s.txtar", strings.Join(tried, " and "), name)
}

// walk makes the calls. The records of a walk that came to its end are what a replay has to give too.
func (v *recordVerb) walk(ctx context.Context, house *assembly.House, who *asker, c *callVerb, acct *account.Account) (*recorder.Walk, []string, error) {
	conn := house.Catalog().Connectors.Get(acct.Connector)
	resource := conn.Resources[v.Resource]
	switch {
	case resource == nil:
		return nil, nil, unknownName("resource of "+conn.Name, v.Resource, sortedNames(conn.Resources))
	case resource.Derived != "":
		return nil, nil, badInput("%s of %s are derived from usage: record that", v.Resource, conn.Name)
	case resource.List == nil:
		return nil, nil, badInput("%s of %s can't be listed", v.Resource, conn.Name)
	}
	values, err := conn.ResolveContext(acct.Context)
	if err != nil {
		return nil, nil, err
	}
	if v.Start == "" && v.End == "" && resource.List.Windowed() {
		now := time.Now().UTC()
		c.Start = time.Date(now.Year(), now.Month()-1, 1, 0, 0, 0, 0, time.UTC).Format("2006-01")
	}
	query, err := c.query()
	if err != nil {
		return nil, nil, err
	}
	kept := slices.DeleteFunc(slices.Clone(query), func(p string) bool {
		return strings.HasPrefix(p, "start_date=") || strings.HasPrefix(p, "end_date=")
	})
	w := &recorder.Walk{Connector: conn, Resource: v.Resource, Context: values, Given: acct.Context, Credentials: map[string]string{}, Query: strings.Join(kept, "&"), Now: time.Now().UTC()}
	for name, secret := range acct.Credentials {
		w.Credentials[name] = secret.Reveal()
	}
	who.notes = nil
	ctx, tape := upstream.WithRecording(ctx, v.Pages)
	ask := "integrated_account_id=" + url.QueryEscape(acct.ID) + "&" + strings.Join(query, "&") + asOneSees
	var live []string
	for cursor := ""; ; {
		p, err := who.page(ctx, target("", v.Resource), ask, cursor)
		if w.Next = tape.Next(); w.Next != nil {
			live = nil
			break
		}
		if err != nil {
			return nil, nil, err
		}
		for _, raw := range p.Result {
			live = append(live, string(raw))
		}
		if cursor = p.Next; cursor == "" {
			break
		}
	}
	w.Taken = tape.Taken()
	if tape.Full() {
		return nil, nil, badInput("the walk takes more than %d calls: record a smaller range", upstream.MaxRecordedAnswers)
	}
	return w, live, nil
}

func sortedNames[V any](m map[string]V) []string {
	var out []string
	for name := range m {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}
