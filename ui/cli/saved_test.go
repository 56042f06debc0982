package cli

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"cutaway/inspect"
	"cutaway/inspect/compare"
	"cutaway/inspect/inside"
	"cutaway/inspect/reading"
	"cutaway/inspect/record"
	"cutaway/ui/text"
)

// fixtureRecord is the fixture as it is saved.
func fixtureRecord() *record.Record {
	v := fixtureView()
	r := record.New("1.0", v.Snapshot, fixtureCensus(v))
	r.Uptime, r.Names, r.LastCap, r.Self = v.uptime, v.names.Names(), 40, 840
	view := func(name string) *inside.View {
		return &inside.View{
			Kernel: inside.Kernel{
				Hostname: reading.Value(name), Domainname: reading.Value(evil),
				Sysctls:    []inside.Sysctl{{Name: "net.ipv4.ip_forward", Kind: "net", Value: reading.Value("1")}},
				Interfaces: reading.Value([]inside.Interface{{Name: "eth0", Up: true, Addresses: []string{"10.0.0.1/8"}}}),
			},
			Files:  inside.Files{System: reading.Error[string](os.ErrPermission), Users: reading.Value([]inside.User{{ID: 0, Name: "root\xff"}})},
			Uptime: reading.Value(time.Hour),
		}
	}
	r.Add(fixtureDetail(v), view("db"))
	host := v.ByPID(1)
	r.Add(&inspect.Detail{ID: host.ID, Taken: v.Taken, Mounts: fixtureDetail(v).Mounts}, view("node7"))
	return r
}

// savedView shows a record as --from does.
func savedView(r *record.Record, width int) *view {
	return newSavedView(r, &style{glyphs: text.Unicode, width: width})
}

// reread writes a record and reads it.
func reread(t testing.TB, r *record.Record) *record.Record {
	t.Helper()
	var file bytes.Buffer
	if err := r.Write(&file); err != nil {
		t.Fatal(err)
	}
	back, err := record.Read(&file, "the file")
	if err != nil {
		t.Fatal(err)
	}
	return back
}

// shownOf is what each command prints of a record and some of its processes.
func shownOf(t testing.TB, r *record.Record, pids []int) map[string]string {
	t.Helper()
	ctx, v := context.Background(), savedView(r, 0)
	shown := map[string]string{}
	emit := func(name string, command func(a *app) error) {
		var out bytes.Buffer
		if err := command(&app{out: &out}); err != nil {
			shown[name] = "error: " + err.Error()
			return
		}
		shown[name] = out.String()
	}
	all := inspect.TreeOptions{Keep: func(*inspect.Process) bool { return true }, Order: inspect.Orders["cpu"]}
	emit("ps --json", func(a *app) error { return psJSON(a, v, all) })
	for by := range inspect.Grouping(inspect.Groupings) {
		cols, err := parseColumns(strings.Join(psColumnNames(), ","))
		if err != nil {
			t.Fatal(err)
		}
		emit("ps --tree "+by.String(), func(a *app) error { return psTree(cols, by)(a, v, all) })
	}
	emit("ns", func(a *app) error {
		census, err := v.census(ctx, v.Snapshot)
		if err != nil {
			return err
		}
		for _, tie := range []string{treeByOwner, treeByParent} {
			if err := nsTree(a, v, census, nsFlags{tree: tie}); err != nil {
				return err
			}
		}
		return nsJSON(a, v, census, nsFlags{})
	})
	host := compare.Host(v.Snapshot, v.observer())
	for _, pid := range pids {
		p := v.ByPID(pid)
		of := target{process: p, container: p.Container}
		d, err := v.ReadParts(ctx, v.Snapshot, p.ID, inspect.AllParts)
		if err != nil {
			t.Fatal(err)
		}
		name := " " + strconv.Itoa(pid)
		emit("inspect"+name, func(a *app) error { return inspectText(a, v, of, d, inspectFlags{source: true, reveal: true}) })
		emit("inspect --json"+name, func(a *app) error { return inspectJSON(a, v, of, d, true) })
		emit("caps"+name, func(a *app) error { return capsText(a, v, p) })
		emit("caps --json"+name, func(a *app) error { return capsJSON(a, v, p) })
		if host == nil {
			continue
		}
		emit("diff"+name, func(a *app) error {
			var sides [2]*compare.Side
			for i, one := range []*inspect.Process{host, p} {
				if sides[i], err = compare.Look(ctx, v.Snapshot, v, v.inside(), one, one.Container); err != nil {
					return err
				}
			}
			groups := compare.Compare(sides[0], sides[1])
			if err := diffText(a, a.style(), sides, groups, true); err != nil {
				return err
			}
			return diffJSON(a, sides, groups, true)
		})
	}
	return shown
}

// TestSavedShowsTheSame holds that a file shows what was saved: of the fixture, which has every kind of value, and of this machine.
func TestSavedShowsTheSame(t *testing.T) {
	r := fixtureRecord()
	same(t, r, []int{1, 700, 4242, 4341, 5000})
	var out bytes.Buffer
	all := inspect.TreeOptions{Keep: func(*inspect.Process) bool { return true }, Order: inspect.Orders["cpu"]}
	if err := psJSON(&app{out: &out}, fixtureView(), all); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(out.String(), shownOf(t, reread(t, r), nil)["ps --json"]); d != "" {
		t.Errorf("the file shows another machine (-there +file):\n%s", d)
	}

	r, err := record.Take(context.Background(), record.Options{Cutaway: "test"})
	if err != nil {
		t.Fatal(err)
	}
	pids := []int{os.Getpid(), r.Snapshot.Procs[0].PID}
	for range 5 {
		pids = append(pids, r.Snapshot.Procs[rand.IntN(len(r.Snapshot.Procs))].PID)
	}
	same(t, r, pids)
}

func same(t *testing.T, r *record.Record, pids []int) {
	t.Helper()
	before, after := shownOf(t, r, pids), shownOf(t, reread(t, r), pids)
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if d := cmp.Diff(before[name], after[name]); d != "" {
			t.Errorf("%s (-saved +read):\n%s", name, d)
		}
		if strings.HasPrefix(before[name], "error: ") {
			t.Errorf("%s: %s", name, before[name])
		}
	}
}

// savedFile is a file of format 1 that must stay readable. -update writes it anew: only when that was never released.
var savedFile = filepath.Join("testdata", "node7.snap")

// TestSavedGolden holds that the file shows for ever what it showed when it was written.
func TestSavedGolden(t *testing.T) {
	t.Setenv("LC_ALL", "C.UTF-8")
	if *update {
		if err := errors.Join(fixtureRecord().WriteFile(savedFile), os.Chmod(savedFile, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	r, err := record.ReadFile(savedFile)
	if err != nil {
		t.Fatal(err)
	}
	shown := shownOf(t, r, []int{4242})
	golden(t, "saved-ps", shown["ps --tree container"])
	golden(t, "saved-inspect", shown["inspect 4242"])
	golden(t, "saved-diff", shown["diff 4242"])
	golden(t, "saved-ns", shown["ns"])
}

// FuzzFrom shows whatever can be read of a hostile file.
func FuzzFrom(f *testing.F) {
	var file bytes.Buffer
	if err := fixtureRecord().Write(&file); err != nil {
		f.Fatal(err)
	}
	f.Add(unpacked(f, file.Bytes()))
	f.Fuzz(func(t *testing.T, lines []byte) {
		r, err := record.Read(bytes.NewReader(packed(t, lines)), "x")
		if err != nil {
			return
		}
		var pids []int
		for i := range r.Snapshot.Procs {
			pids = append(pids, r.Snapshot.Procs[i].PID)
		}
		shown := shownOf(t, r, pids[:min(len(pids), 6)])
		for name, output := range shown {
			for _, line := range strings.Split(output, "\n") {
				if text.Sanitise(line) != line && !strings.HasPrefix(output, "error: ") {
					t.Fatalf("%s: not fit for a terminal: %q", name, line)
				}
			}
		}
	})
}

func unpacked(t testing.TB, file []byte) []byte {
	t.Helper()
	z, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	text, err := z.DecodeAll(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func packed(t testing.TB, text []byte) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	return z.EncodeAll(text, nil)
}
