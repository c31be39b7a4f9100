package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/jq"
	"github.com/meterbridge/meterbridge/internal/mapping"
	"github.com/meterbridge/meterbridge/internal/openapi"
	"github.com/meterbridge/meterbridge/internal/scaffold"
	"github.com/meterbridge/meterbridge/internal/simulate"
	"github.com/meterbridge/meterbridge/proxy"
)

type newVerb struct {
	Connector newConnectorVerb `cmd:"" help:"Write the three files of a new connector, which lint and pass their test before a line is changed."`
}

type newConnectorVerb struct {
	Name        string `arg:"" help:"Its name: lower-case letters, digits, - and _."`
	FromOpenAPI string `help:"An OpenAPI 3 description, YAML or JSON, to propose it from." name:"from-openapi" type:"path" placeholder:"FILE"`
	Operation   string `help:"The operation that lists usage, where the proposal picks another: \"GET /path\" or its operationId." placeholder:"OP"`
	Dir         string `help:"Where connectors/ and mappings/ are; default: the working directory." type:"path" placeholder:"DIR"`
	Force       bool   `help:"Also under the name of a built-in connector, which the new one then replaces."`
}

func (v *newConnectorVerb) Run(ctx context.Context, to std) error {
	if err := scaffold.CheckName(v.Name); err != nil {
		return inputError{err}
	}
	if err := v.unused(); err != nil {
		return err
	}
	texts, err := v.texts()
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "meterbridge-new-")
	if err != nil {
		return environmentError{fmt.Errorf("trying the new files: %w", err)}
	}
	defer os.RemoveAll(tmp)
	if err := v.write(tmp, texts); err != nil {
		return err
	}
	secrets, err := v.try(tmp, texts)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := v.write(v.Dir, texts); err != nil {
		return err
	}
	v.next(to.out, secrets)
	return nil
}

// unused refuses a name that a connector has already.
func (v *newConnectorVerb) unused() error {
	catalog, err := assembly.Files{}.Catalog()
	if err != nil {
		return err
	}
	if catalog.Connectors.Get(v.Name) != nil && !v.Force {
		return badInput("%s is a built-in connector; `connectors show %s` says what it does, and --force writes one that replaces it", v.Name, v.Name)
	}
	for _, path := range v.paths(v.Dir) {
		if _, err := os.Stat(path); err == nil {
			return badInput("%s is there already; nothing was written", path)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("looking for %s: %w", path, err)
		}
	}
	return nil
}

// paths are those of connector, mapping and cassette.
func (v *newConnectorVerb) paths(dir string) []string {
	return []string{
		filepath.Join(dir, connectorsFolder, v.Name+".yaml"),
		filepath.Join(dir, mappingsFolder, proxy.ModelName, v.Name+".jq"),
		filepath.Join(dir, connectorsFolder, "testdata", v.Name+".txtar"),
	}
}

func (v *newConnectorVerb) texts() (*scaffold.Files, error) {
	if v.FromOpenAPI == "" {
		if v.Operation != "" {
			return nil, badInput("--operation names one of a description: give it with --from-openapi")
		}
		return scaffold.Plain(v.Name)
	}
	f, err := os.Open(v.FromOpenAPI)
	if err != nil {
		return nil, environmentError{fmt.Errorf("reading the description: %w", err)}
	}
	defer f.Close()
	description, err := io.ReadAll(io.LimitReader(f, openapi.MaxSize+1))
	if err != nil {
		return nil, environmentError{fmt.Errorf("reading the description: %w", err)}
	}
	texts, err := scaffold.From(description, scaffold.Options{Name: v.Name, Source: filepath.Base(v.FromOpenAPI), Operation: v.Operation})
	if err != nil {
		return nil, inputError{err}
	}
	return texts, nil
}

// write writes the three files and replaces none.
func (v *newConnectorVerb) write(dir string, texts *scaffold.Files) error {
	paths := v.paths(dir)
	for i, text := range []string{texts.Connector, texts.Mapping, texts.Cassette} {
		if err := writeNew(paths[i], []byte(text)); err != nil {
			return err
		}
	}
	return nil
}

// writeNew writes a file that is not there yet, and the folders above it.
func writeNew(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return badInput("%s is there already; it was left as it is", path)
	}
	if err == nil {
		_, err = f.Write(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// try lints and replays the files, says in them what the mapping leaves out, puts the goldens into the cassette, and names
// the credentials.
func (v *newConnectorVerb) try(dir string, texts *scaffold.Files) (secrets []string, err error) {
	files := assembly.Files{ConnectorsDir: filepath.Join(dir, connectorsFolder), MappingsDir: filepath.Join(dir, mappingsFolder)}
	catalog, err := files.Catalog()
	if err != nil {
		return nil, fmt.Errorf("the proposed files have findings, and nothing was written: %w", err)
	}
	texts.Omit(unfilled(catalog.Mappings[v.Name]))
	if err := os.WriteFile(v.paths(dir)[0], []byte(texts.Connector), 0o600); err != nil {
		return nil, environmentError{fmt.Errorf("trying the new files: %w", err)}
	}
	report, err := assembly.Lint(files, v.paths(dir)...)
	if err != nil {
		return nil, err
	}
	if bad := slices.DeleteFunc(report.Findings, func(f jq.Finding) bool { return f.Warn }); len(bad) > 0 {
		return nil, fmt.Errorf("the proposed files have findings, and nothing was written: %w", assembly.Findings(bad))
	}
	c, err := simulate.Load(os.DirFS(filepath.Dir(v.paths(dir)[2])), v.Name)
	if err != nil {
		return nil, fmt.Errorf("reading the proposed cassette: %w", err)
	}
	r, err := replay(files, c, false)
	if err != nil {
		return nil, err
	}
	goldens := map[string][]byte{}
	if len(r.failed) > 0 {
		return nil, fmt.Errorf("the proposed files do not answer, and nothing was written: %s", r.failed[0])
	}
	for _, d := range r.differs {
		goldens[d.golden] = d.got
	}
	texts.Cassette = string(c.Update(goldens))
	return slices.Sorted(maps.Keys(c.Credentials)), nil
}

// unfilled are the fields of usage that a mapping never fills, without the members of one that is among them.
func unfilled(p *mapping.Program) (out []string) {
	for _, m := range p.Made("usage") {
		field := strings.ReplaceAll(m.Path, "[]", "")
		within := len(out) > 0 && strings.HasPrefix(field, out[len(out)-1]+".")
		if !m.Mapped && !within {
			out = append(out, field)
		}
	}
	return out
}

// next says what was written, and what comes now.
func (v *newConnectorVerb) next(w io.Writer, secrets []string) {
	var env []string
	for _, name := range secrets {
		env = append(env, variable(v.Name, name)+"=…")
	}
	for _, path := range v.paths(v.Dir) {
		fmt.Fprintln(w, "wrote", path)
	}
	file := v.paths(v.Dir)[0]
	if !strings.ContainsAny(file, `/\`) {
		file = "./" + file
	}
	fmt.Fprintf(w, `
Next:
  edit    the three files, line by line; the language is in connectors/README.md
  lint    meterbridge lint %s
  test    meterbridge test %s --update
  call    %s meterbridge call usage-metering usage --connector %s --explain
  record  meterbridge record %s usage
`, strings.Join(v.paths(v.Dir), " "), v.Name, strings.Join(env, " "), file, file)
}
