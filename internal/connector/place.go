package connector

import (
	"bytes"

	"go.yaml.in/yaml/v3"
)

// Place is the line and column in a connector's text where a key stands, below the keys before it; of keys that are
// not there, of the last one that is. Whoever checks a connector against other files reports at it.
func Place(text []byte, keys ...string) (line, col int) {
	var doc yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(text)).Decode(&doc); err != nil || len(doc.Content) == 0 {
		return 1, 1
	}
	n := doc.Content[0]
	line, col = n.Line, n.Column
	for _, key := range keys {
		k, v := lookupKey(n, key)
		if k == nil {
			break
		}
		line, col, n = k.Line, k.Column, v
	}
	return line, col
}
