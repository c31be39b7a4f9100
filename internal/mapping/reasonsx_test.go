package mapping
import ("testing";"os";"fmt")
func TestReasonsX(t *testing.T){
	m, err := LoadModel(os.DirFS("../../mappings"), "usage-metering"); if err!=nil {t.Fatal(err)}
	ps, f := Load(m, os.DirFS("../../mappings/usage-metering")); _ = f
	for n, p := range ps { for rn, c := range p.resources { if c.engine.code==nil { for i, r := range c.engine.reasons { if i<6 { fmt.Println(n, rn, r.Pos, r.Why) } } } } }
}
