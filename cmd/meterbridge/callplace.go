package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/meterbridge/meterbridge/proxy"
)

// place makes the name of a connector and its folders of a --connector that is a path: a connector's file, or a folder
// that holds connectors/ and mappings/. A plain name never means files of the working directory, which would be handed
// the credentials of the environment.
func (v *ownAccount) place() error {
	info, err := os.Stat(v.Connector)
	isPath := strings.ContainsAny(v.Connector, `/\`) || strings.HasPrefix(v.Connector, ".") || isYAML(v.Connector)
	switch {
	case v.Connector == "":
		return nil
	case !isPath && (err != nil || !info.IsDir() || !holds(filepath.Join(v.Connector, connectorsFolder), "*.yaml")):
		return nil // a name
	case err != nil:
		return badInput("--connector takes a name, a file or a folder: %w", err)
	}
	file := v.Connector
	if info.IsDir() {
		if file, err = onlyConnector(v.Connector); err != nil {
			return err
		}
	} else if !isYAML(file) {
		return badInput("--connector takes a connector's file, NAME.yaml; %s is none", file)
	}
	if v.Connectors != "" {
		return badInput("--connector %s names the connector's folder already; leave --connectors out", v.Connector)
	}
	v.Connectors = filepath.Dir(file)
	v.folders = v.beside()
	v.Connector = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	return nil
}

func isYAML(file string) bool { return filepath.Ext(file) == ".yaml" }

// onlyConnector is the file of the one connector that a folder holds, in connectors/ or itself.
func onlyConnector(dir string) (string, error) {
	for _, in := range []string{filepath.Join(dir, connectorsFolder), dir} {
		files, err := filepath.Glob(filepath.Join(in, "*.yaml"))
		switch {
		case err != nil:
			return "", badInput("--connector %s: %w", dir, err)
		case len(files) == 1:
			return files[0], nil
		case len(files) > 1:
			return "", badInput("%s holds %s; name one by its file, such as --connector %s", in, count(len(files), "connector"), files[0])
		}
	}
	return "", badInput("%s holds no connector: its folder %s/ has NAME.yaml, and %s/%s/ has NAME.jq", dir, connectorsFolder, mappingsFolder, proxy.ModelName)
}
