package mapping
import ("testing";"context";"syscall";"github.com/meterbridge/meterbridge/internal/jq";"github.com/meterbridge/meterbridge/internal/record")
func cpu() float64 { var r syscall.Rusage; syscall.Getrusage(syscall.RUSAGE_SELF,&r); return float64(r.Utime.Nano()+r.Stime.Nano()) }
func TestCPU(t *testing.T) {
	p := acme(t)
	r := p.Runner("usage")
	r.Bind(&Vars{Query: []byte(`{}`), Account: []byte(`{"id":"a"}`), Lookups: []byte(`{"places":{"env-123":{"label":"x"}}}`)})
	item, _ := jq.Decode([]byte(costLine))
	vars := []any{map[string]any{}, map[string]any{"id":"a"}, nil, nil, map[string]any{}}
	var b record.Batch
	fs := map[string]func(){
	"emit": func(){ b.Reset(); r.Scan([]byte(costLine),0,true); r.Emit(&b) },
	"decode": func(){ jq.Decode([]byte(costLine)) },
	"session": func(){ r.session.Run(context.Background(), BaseBudget, item, func(any) error { return nil }) },
	"fresh": func(){ r.unit.code.Run(context.Background(), item, vars, func(any) error { return nil }) },
	"freshfull": func(){ v := jq.DecodeScanned([]byte(costLine)); r.unit.code.Run(context.Background(), v, vars, func(v any) error { appendRecord(nil, r.unit.fields, v.(map[string]any)); return nil }) },
	}
	best := map[string]float64{}
	for range 15 { for n, f := range fs { c := cpu(); const N = 2000; for range N { f() }; d := (cpu()-c)/N; if b := best[n]; b == 0 || d < b { best[n]=d } } }
	for n, d := range best { t.Logf("%-10s %8.0f ns cpu  %.1f MB/s", n, d, float64(len(costLine))/d*1000) }
}
