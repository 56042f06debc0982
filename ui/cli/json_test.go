package cli

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect"
	"cutaway/inspect/reading"
	"cutaway/ui/text"
)

// write runs fill in a document.
func write(t *testing.T, fill func(j *jsonWriter)) string {
	t.Helper()
	var out bytes.Buffer
	j := newJSONWriter(&out)
	if err := j.document(func() { fill(j) }); err != nil {
		t.Fatal(err)
	}
	if !json.Valid(out.Bytes()) {
		t.Fatalf("not JSON: %s", out.Bytes())
	}
	return out.String()
}

func TestJSONValues(t *testing.T) {
	got := write(t, func(j *jsonWriter) {
		j.key("mask").mask(0xa80425fb)
		j.key("whole").decimal(3, 2)
		j.key("cut").decimal(1.25, 6)
		j.key("tenth").decimal(0.10, 2)
		j.key("zero").decimal(0, 0)
		j.key("hundred").decimal(100, 0)
		j.key("ticks").ticks(1205)
		j.key("tick").ticks(7)
		j.text("clean", "ü\U0001f600")
		j.text("hostile", "a\"b\\\x1b[0m\x7f\u0085\u202e\u200b\n\t\x00\U000e0041")
		j.text("bytes", "x\xffy")
		j.texts("list", []string{"a", "\xfe"})
		j.texts("empty", nil)
		j.key("in").open()
		known(j, "gone", reading.Missing[int](reading.Gone), j.int)
		j.close()
		knownText(j, "denied", reading.Of[string]{How: denied})
		j.key("last").bool(true)
	})
	want := `{"schema":1,"mask":"00000000a80425fb","whole":3,"cut":1.25,"tenth":0.1,"zero":0,"hundred":100,"ticks":12.05,"tick":0.07,` +
		`"clean":"ü😀","hostile":"a\"b\\\u001b[0m\u007f\u0085\u202e\u200b\n\t\u0000\udb40\udc41",` +
		`"bytes":"x\ufffdy","bytes_bytes":"eP95","list":["a","\ufffd"],"list_bytes":["YQ==","/g=="],"empty":[],` +
		`"in":{"gone":null,"unread":{"gone":"gone"}},"denied":null,"last":true,"unread":{"denied":"denied (permission denied)"}}` + "\n"
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// FuzzJSONText holds that a program gets the true bytes back, and that a terminal gets nothing that it obeys.
func FuzzJSONText(f *testing.F) {
	for _, s := range []string{"", "plain", evil, "\u2028\u202e", "\xc3\x28", "\\u0041", "\U0010ffff", "a\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := write(t, func(j *jsonWriter) { j.text("t", s) })
		var doc struct {
			T     string  `json:"t"`
			Bytes *string `json:"t_bytes"`
		}
		if err := json.Unmarshal([]byte(out), &doc); err != nil {
			t.Fatal(err)
		}
		back := doc.T
		if doc.Bytes != nil {
			b, err := base64.StdEncoding.DecodeString(*doc.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			back = string(b)
		}
		if back != s {
			t.Errorf("%q came back as %q", s, back)
		}
		if (doc.Bytes == nil) != utf8.ValidString(s) {
			t.Errorf("%q: t_bytes is there: %v", s, doc.Bytes != nil)
		}
		line := strings.TrimSuffix(out, "\n")
		if clean := text.Sanitise(line); clean != line && strings.ContainsFunc(line, obeyed) {
			t.Errorf("%q reaches a terminal as %q", s, line)
		}
	})
}

// obeyed tells whether a terminal could act on a rune: controls, and what changes the direction of text.
func obeyed(r rune) bool {
	return r < ' ' || (r >= 0x7f && r < 0xa0) || (r >= 0x200b && r <= 0x200f) || (r >= 0x2028 && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069)
}

func TestPSJSON(t *testing.T) {
	v := fixtureView()
	var out bytes.Buffer
	o := inspect.TreeOptions{Keep: func(*inspect.Process) bool { return true }, Order: inspect.Orders["pid"]}
	if err := psJSON(&app{out: &out}, v, o); err != nil {
		t.Fatal(err)
	}
	golden(t, "ps-json", out.String())
	var doc struct {
		Schema     int
		Containers []struct {
			Name  string
			Usage struct {
				MemoryMax    any `json:"memory_max"`
				SwapMax      any `json:"memory_swap_max"`
				EffectiveCPU struct{ Limit any }
			}
		}
		Processes []struct {
			PID       int
			Comm      string
			CommBytes string `json:"comm_bytes"`
			Cmdline   []string
			CapEff    *string `json:"cap_eff"`
			Container *struct{ Name string }
			Unread    map[string]string
		}
	}
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Schema != schema || len(doc.Containers) != 2 || len(doc.Processes) != len(v.Procs) {
		t.Errorf("schema %d, %d containers, %d processes", doc.Schema, len(doc.Containers), len(doc.Processes))
	}
	if u := doc.Containers[0].Usage; u.MemoryMax != float64(128<<20) || u.SwapMax != "max" {
		t.Errorf("limits are %v and %v", u.MemoryMax, u.SwapMax)
	}
	for _, p := range doc.Processes {
		switch p.PID {
		case 700:
			if p.CapEff != nil || p.Unread["cap_eff"] != "denied (permission denied)" {
				t.Errorf("a refused mask is %v because %q", p.CapEff, p.Unread["cap_eff"])
			}
		case 4242:
			if p.Container == nil || p.Container.Name != "db" || *p.CapEff != "00000000a80425fb" {
				t.Errorf("redis is %+v", p)
			}
		case 5000:
			if b, _ := base64.StdEncoding.DecodeString(p.CommBytes); string(b) != evil {
				t.Errorf("the hostile name came as %q", b)
			}
			if len(p.Cmdline) != 2 || p.Cmdline[1] != "two\nlines" {
				t.Errorf("the hostile command line came as %q", p.Cmdline)
			}
		}
	}
}

// BenchmarkPSJSON is the encoder's share of the budget of `ps --json` at 2,100 processes, of which the scan takes most.
func BenchmarkPSJSON(b *testing.B) {
	v := fixtureView()
	var procs []inspect.Process
	for i := range 2100 {
		p := v.Procs[i%len(v.Procs)]
		p.PID = i + 1
		procs = append(procs, p)
	}
	v.Snapshot = inspect.Assemble(v.Host, procs, nil)
	o := inspect.TreeOptions{Keep: func(*inspect.Process) bool { return true }, Order: inspect.Orders["pid"]}
	var size int
	b.ReportAllocs()
	for b.Loop() {
		var count counter
		if err := psJSON(&app{out: &count}, v, o); err != nil {
			b.Fatal(err)
		}
		size = int(count)
	}
	b.ReportMetric(float64(size), "bytes")
}

type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
