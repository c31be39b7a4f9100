package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/secret"
)

// operatorFlags say which admin surface is asked: that of a gateway that runs, or one of this process over the database of a
// configuration. A gateway beside it sees the changes within seconds.
type operatorFlags struct {
	Config string `help:"The configuration whose accounts.store is administered; default: config.yaml." type:"path" placeholder:"FILE"`
	URL    string `help:"The admin surface of a gateway that runs, in its place; its token is read from MB_ADMIN_TOKEN." name:"url" placeholder:"URL"`
	JSON   bool   `help:"As JSON." name:"json"`
}

// operator asks an admin surface.
type operator struct {
	*asker
	json bool
}

// commandLine is who did what was done from here, in the audit log.
const commandLine = "command line"

// with runs something with an operator.
func (v *operatorFlags) with(to std, do func(*operator) error) error {
	if v.URL != "" {
		token := os.Getenv("MB_ADMIN_TOKEN")
		if token == "" {
			return badInput("the admin surface wants a token of admin.tokens: put it into MB_ADMIN_TOKEN")
		}
		who, err := remoteAsker(v.URL, token, to)
		if err != nil {
			return err
		}
		return do(&operator{who, v.JSON})
	}
	cfg, err := config.Load(cmp.Or(v.Config, defaultConfig))
	if errors.Is(err, fs.ErrNotExist) && v.Config == "" {
		return badInput("there is no %s here: name one with --config, or a running gateway with --url", defaultConfig)
	} else if err != nil {
		return err
	}
	token := rand.Text()
	cfg.Admin.Tokens = append(cfg.Admin.Tokens, config.NewToken(commandLine, secret.New(token), nil, false))
	house, err := assembly.Build(cfg, assembly.Options{Version: version})
	if err != nil {
		return err
	}
	err = do(&operator{&asker{base: "http://in-process", token: token, http: &http.Client{Transport: inProcess{house.Admin}}}, v.JSON})
	return errors.Join(err, house.Close())
}

// defective tells all defects of an account, one a line, in the place of the first of them.
func defective(err error) error {
	var p *answered
	if !errors.As(err, &p) {
		return err
	}
	all, _ := p.Details["errors"].([]any)
	lines := map[string]any{}
	for _, one := range all {
		d, ok := one.(map[string]any)
		if !ok {
			continue
		}
		field, text := fmt.Sprint(d["field"]), fmt.Sprint(d["message"])
		if before, ok := lines[field]; ok {
			text = fmt.Sprintf("%v; %s", before, text)
		}
		lines[field] = text
	}
	if len(lines) > 0 {
		p.Message, p.Details = fmt.Sprintf("the account has %s", count(len(all), "error")), lines
	}
	return err
}

// ask makes a request with a JSON body, and reads the answer's into a value. Either may be nil.
func (o *operator) ask(ctx context.Context, method, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("writing the request: %w", err)
	}
	if body == nil {
		text = nil
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(o.base, "/")+path, bytes.NewReader(text))
	if err != nil {
		return badInput("the gateway's address: %v", err)
	}
	req.Header.Set("Authorization", "Bearer "+o.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := o.http.Do(req)
	if err != nil {
		return o.unreachable(ctx, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return o.unreachable(ctx, err)
	case resp.StatusCode >= http.StatusMultipleChoices:
		return defective(readProblem(resp.StatusCode, resp.Header, answer))
	case into == nil:
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(answer))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return environmentError{fmt.Errorf("what answers at %s is no admin surface: %w", o.base, err)}
	}
	return nil
}
