package upstream

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/meterbridge/meterbridge/internal/connector"
	"github.com/meterbridge/meterbridge/internal/problem"
)

// TestDigestAnswer: the first two of the responses are RFC 7616's own, 3.9.1; the others were made by another program
// of the same values.
func TestDigestAnswer(t *testing.T) {
	for _, c := range []struct {
		algorithm string
		auth      bool
		want      string
	}{
		{"MD5", true, "8ca523f5e9506fed4657c9700eebdbec"},
		{"SHA-256", true, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
		{"", true, "8ca523f5e9506fed4657c9700eebdbec"},
		{"md5-sess", true, "e783283f46242139c486a698fec7211d"},
		{"SHA-256-sess", true, "2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7"},
		{"MD5", false, "7b2cc3b30e75b4777ea31027084363fd"},
		{"SHA-256", false, "a1306b0595a6c7fe96c448631fb5cfbd5107bd1fe1da729d978dd7446b812363"},
	} {
		t.Run(fmt.Sprint(c.algorithm, c.auth), func(t *testing.T) {
			ch := challenge{realm: "http-auth@example.org", nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque: "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
				algorithm: c.algorithm, auth: c.auth, cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", used: 1}
			got := ch.answer("Mufasa", "Circle of Life", "GET", "/dir/index.html")
			want := []string{`Digest username="Mufasa"`, `realm="http-auth@example.org"`, `uri="/dir/index.html"`, `response="` + c.want + `"`,
				`nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"`, `opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`}
			if c.auth {
				want = append(want, "qop=auth", "nc=00000001", `cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"`)
			}
			if c.algorithm != "" {
				want = append(want, "algorithm="+c.algorithm)
			}
			for _, part := range want {
				if !strings.Contains(got, part) {
					t.Errorf("%s lacks %s", got, part)
				}
			}
		})
	}
	if got := (challenge{}).answer(`a"b\ü`, "", "GET", "/"); !strings.HasPrefix(got, `Digest username="a\"b\\ü"`) {
		t.Error(got)
	}
}

func TestPickChallenge(t *testing.T) {
	for _, c := range []struct {
		name   string
		header []string
		want   string // algorithm, realm, nonce, qop
		known  bool
	}{
		{"none", nil, "", false},
		{"another scheme", []string{`Basic realm="x", nonce=y`}, "", false},
		{"bare", []string{`Digest nonce=abc==, realm=r`}, " r abc== false", true},
		{"in the usual form", []string{`Digest realm="a, b=\"c\"", nonce="n", qop="auth,auth-int", algorithm=MD5, stale=FALSE`}, `MD5 a, b="c" n true`, true},
		{"names in any case, spaces anywhere", []string{"dIgest\tRealm = \"r\" ,NONCE= \"n\" , QOP=\"auth-int , AUTH\""}, " r n true", true},
		{"qop is unquoted", []string{`Digest nonce="n", qop=auth, algorithm=SHA-256-sess`}, "SHA-256-sess  n true", true},
		{"behind another scheme", []string{`Negotiate abc==, Basic realm="x", Digest realm="r", nonce="n"`}, " r n false", true},
		{"the first of two", []string{`Digest algorithm=SHA-256, nonce="1", Digest algorithm=MD5, nonce="2"`}, "SHA-256  1 false", true},
		{"the first that is known", []string{`Digest algorithm=SHA-512-256, nonce="1"`, `Digest algorithm=MD5, nonce="2"`}, "MD5  2 false", true},
		{"integrity alone", []string{`Digest nonce="1", qop="auth-int"`}, "  1 false", false},
		{"without a nonce", []string{`Digest realm="1"`}, " 1  false", false},
		{"unclosed", []string{`Digest nonce="1\`}, `  1\ false`, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, found := pickChallenge(http.Header{"Www-Authenticate": c.header})
			text := strings.Join([]string{got.algorithm, got.realm, got.nonce, fmt.Sprint(got.auth)}, " ")
			if found != (c.want != "") || found && text != c.want || got.known != c.known {
				t.Errorf("%q, found %v, known %v", text, found, got.known)
			}
		})
	}
}

// warden is a provider that challenges, and notes what it hears. It takes a nonce as often as uses says, then calls
// it stale.
type warden struct {
	mu        sync.Mutex
	challenge string // with %d for the number of the nonce
	nonce     int
	uses      int
	left      int
	refuse    bool // whatever is answered
	heard     []string
}

func (d *warden) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	given := r.Header.Get("Authorization")
	part := func(name string) string {
		_, rest, _ := strings.Cut(given, " "+name+"=")
		value, _, _ := strings.Cut(rest, ",")
		return strings.Trim(value, `"`)
	}
	d.heard = append(d.heard, strings.TrimSpace(fmt.Sprintf("%s%s %s", part("nonce"), strings.TrimPrefix(part("nc"), "0000000"), body)))
	if !d.refuse && d.nonce > 0 && part("nonce") == fmt.Sprint(d.nonce) && d.left > 0 {
		d.left--
		return
	}
	if !d.refuse || d.nonce == 0 {
		d.nonce++
		d.left = d.uses
	}
	w.Header().Set("WWW-Authenticate", fmt.Sprintf(d.challenge, d.nonce))
	w.WriteHeader(401)
}

func TestDigestRemembersTheChallenge(t *testing.T) {
	post := connector.Call{Purpose: "list", Method: "POST", Path: "x", Body: []byte("the body")}
	for _, c := range []struct {
		name      string
		challenge string
		uses      int
		refuse    bool
		want      string
	}{
		{"one nonce for all", `Digest nonce="%d", qop="auth"`, 9, false, "the body|11 the body|12 the body|13 the body"},
		{"a stale one is replaced", `Digest nonce="%d", qop="auth", stale=true`, 2, false, "the body|11 the body|12 the body|13 the body|21 the body"},
		{"without qop there is no count", `Digest nonce="%d"`, 9, false, "the body|1 the body|1 the body|1 the body"},
		{"refused", `Digest nonce="%d", qop="auth"`, 9, true, "the body|11 the body"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &warden{challenge: c.challenge, uses: c.uses, refuse: c.refuse}
			a := newAcme(t, d.ServeHTTP, Config{}, digestAuth)
			for range 3 {
				if c.refuse {
					a.fails(post, problem.NeedsReauth)
					break
				}
				if _, err := a.read(post); err != nil {
					t.Fatal(err)
				}
			}
			if got := strings.Join(d.heard, "|"); got != c.want {
				t.Errorf("heard %s\nwant  %s", got, c.want)
			}
		})
	}
}

func TestDigestOfAnotherKind(t *testing.T) {
	d := &warden{challenge: `Digest nonce="%d", algorithm=SHA-512-256`}
	a := newAcme(t, d.ServeHTTP, Config{}, digestAuth)
	if p := a.fails(get("x"), problem.UpstreamUnexpected); !strings.Contains(p.Message, "SHA-512-256") || !p.Remote {
		t.Error(p.Message)
	}
	plain := newAcme(t, answers(401, nil, ""), Config{}, digestAuth)
	plain.fails(get("x"), problem.NeedsReauth)
}

// TestDigestCountsEachUseOnce: however many ask at once, no count is sent twice.
func TestDigestCountsEachUseOnce(t *testing.T) {
	d := &warden{challenge: `Digest nonce="%d", qop="auth"`, uses: 1000}
	a := newAcme(t, d.ServeHTTP, Config{}, digestAuth, "limits: { concurrency: 50 }")
	if _, err := a.read(get("x")); err != nil {
		t.Fatal(err)
	}
	for _, err := range together(13, func() error { _, err := a.read(get("x")); return err }) {
		if err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]bool{}
	for _, h := range d.heard {
		if seen[h] {
			t.Errorf("%q twice", h)
		}
		seen[h] = true
	}
	if len(d.heard) != 15 {
		t.Errorf("%d calls", len(d.heard))
	}
}

func FuzzChallenge(f *testing.F) {
	for _, s := range []string{`Digest realm="a", nonce="b", qop="auth"`, `Negotiate abc==, Digest nonce=a=b`, `Digest nonce="\`, "=", `"`, " , ,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, c := range readChallenges(text) {
			if c.known && (c.nonce == "" || c.answer("u", "p", "GET", "/") == "") {
				t.Fatalf("%q: %+v", text, c)
			}
		}
	})
}
