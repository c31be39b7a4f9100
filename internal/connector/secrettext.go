package connector

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// SecretText is a text with ${credential} in it, and slots over .context.
type SecretText struct {
	parts []secretPart
	raw   string
}

type secretPart struct {
	cred string   // the credential's name, or
	text Template // what stands between
}

// IsZero says that nothing was written.
func (t SecretText) IsZero() bool { return len(t.parts) == 0 }

// String is the text as it is written, without any credential.
func (t SecretText) String() string { return t.raw }

// Credentials are the names that the text needs.
func (t SecretText) Credentials() []string {
	var out []string
	for _, p := range t.parts {
		if p.cred != "" {
			out = append(out, p.cred)
		}
	}
	return out
}

// Resolve puts the credentials in. A missing one is an error that names it.
func (t SecretText) Resolve(context map[string]any, credential func(name string) (string, bool)) (string, error) {
	var b strings.Builder
	for _, p := range t.parts {
		if p.cred == "" {
			s, _, err := p.text.text(map[string]any{"context": context})
			if err != nil {
				return "", err
			}
			b.WriteString(s)
			continue
		}
		s, ok := credential(p.cred)
		if !ok {
			return "", &MissingCredentialError{Lack{{p.cred}}}
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

func (t *SecretText) decode(d *decoder, n *yaml.Node, f field) {
	if n.Kind != yaml.ScalarNode {
		d.wrongType(n, "text")
		return
	}
	t.raw = n.Value
	at := d.locate(n)
	lit := func(from, to int) {
		if from < to {
			t.parts = append(t.parts, secretPart{text: d.template(n.Value[from:to], n, at.From(from), true)})
		}
	}
	from := 0
	for i := 0; i < len(n.Value); {
		if strings.HasPrefix(n.Value[i:], "{{") {
			if end := slotEnd(n.Value, i+2); end >= 0 {
				i = end + 2
				continue
			}
		}
		if !strings.HasPrefix(n.Value[i:], "${") {
			i++
			continue
		}
		end := strings.IndexByte(n.Value[i:], '}')
		if end < 0 {
			line, col := at(i)
			d.addAt(line, col, "credential", "${ without its }", "write ${name}")
			break
		}
		lit(from, i)
		name := n.Value[i+2 : i+end]
		line, col := at(i)
		d.uses = append(d.uses, credentialUse{name, line, col})
		t.parts = append(t.parts, secretPart{cred: name})
		i += end + 1
		from = i
	}
	lit(from, len(n.Value))
}
