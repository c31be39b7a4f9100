package assembly_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/meterbridge/meterbridge/internal/assembly"
	"github.com/meterbridge/meterbridge/internal/config"
	"github.com/meterbridge/meterbridge/internal/gateway"
)

// costLine is an item of a provider's, as large as most are.
const costLine = `{"api_version":"billing/v1","kind":"Cost","id":"dlz-%07d","start_date":"2026-10-03","end_date":"2026-10-04","granularity":"DAILY","network_access_type":"PRIVATE_LINK","product":"KAFKA","line_type":"KAFKA_STORAGE","price":0.00010958904109589041,"unit":"GB-hour","quantity":1126541.8796296296,"original_amount":123.4567890123456789,"discount_amount":12.3456789012345678,"amount":111.1111101111111111,"resource":{"id":"lkc-8q0d1v","display_name":"orders","environment":{"id":"env-7n2x4q"}}}`

// BenchmarkGateway is a whole request over sockets: in by the listener, out to a provider that has its page ready, and
// back. Client and provider write and read bytes as they are, so that what is measured is the gateway.
func BenchmarkGateway(b *testing.B) {
	for _, size := range []struct {
		name  string
		lines int
		limit int
		next  string
	}{{"1KB", 2, 1000, `null`}, {"1KB,limit", 2, 2, `"more"`}, {"100KB", 215, 1000, `null`}} {
		for _, format := range []string{"raw", "unified"} {
			b.Run(format+"/"+size.name, func(b *testing.B) {
				lines := make([]string, size.lines)
				for i := range lines {
					lines[i] = fmt.Sprintf(costLine, i)
				}
				page := `{"data":[` + strings.Join(lines, ",") + `],"metadata":{"next":` + size.next + `}}`
				address := benchHouse(b, benchProvider(b, page))
				query := fmt.Sprintf("start_date=2026-10-01&end_date=2026-10-31&limit=%d&truto_response_format=%s", size.limit, format)
				client := dialed(b, address, "GET /unified/usage-metering/usage?"+query+" HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer "+benchToken+"\r\n\r\n")
				client.ask(b) // names are looked up, connections opened
				b.SetBytes(int64(len(page)))
				b.ReportAllocs()
				for b.Loop() {
					client.ask(b)
				}
			})
		}
	}
}

const benchToken = "token-of-the-benchmark"

// benchHouse is a gateway with one account at the provider, on a listener of its own.
func benchHouse(b *testing.B, provider string) (address string) {
	b.Helper()
	const file = "testdata/bench.yaml"
	text, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	env := map[string]string{"TOKEN": benchToken, "PROVIDER": provider, "KEY": "key-of-the-benchmark"}
	cfg, bad := config.Parse(file, text, func(name string) (string, bool) { return env[name], env[name] != "" })
	if len(bad) > 0 {
		b.Fatal(bad)
	}
	house, err := assembly.Build(cfg, assembly.Options{})
	if err != nil {
		b.Fatal(err)
	}
	l := listen(b)
	server := gateway.Server(house)
	go server.Serve(l)
	b.Cleanup(func() {
		server.Close()
		house.Close()
	})
	return l.Addr().String()
}

// benchProvider answers every request with the page.
func benchProvider(b *testing.B, page string) (address string) {
	answer := []byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(page)) + "\r\n\r\n" + page)
	l := listen(b)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for in := bufio.NewReader(c); skipHead(in) == nil; {
					if _, err := c.Write(answer); err != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

// skipHead reads a request that has no body.
func skipHead(in *bufio.Reader) error {
	for {
		line, err := in.ReadSlice('\n')
		if err != nil || len(line) <= len("\r\n") {
			return err
		}
	}
}

// benchClient asks the same again and again, over one connection.
type benchClient struct {
	conn    net.Conn
	in      *bufio.Reader
	request []byte
}

func dialed(b *testing.B, address, request string) *benchClient {
	c, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	return &benchClient{c, bufio.NewReaderSize(c, 64<<10), []byte(request)}
}

func (c *benchClient) ask(b *testing.B) {
	if _, err := c.conn.Write(c.request); err != nil {
		b.Fatal(err)
	}
	r, err := http.ReadResponse(c.in, nil)
	if err != nil {
		b.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, r.Body); err != nil || r.StatusCode != http.StatusOK || n < 500 {
		b.Fatalf("%s, %d bytes, %v", r.Status, n, err)
	}
}

func listen(b *testing.B) net.Listener {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	return l
}
