package tui

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"cutaway/inspect"
	"cutaway/inspect/inside"
	"cutaway/inspect/reading"
	"cutaway/inspect/record"
	"cutaway/inspect/users"
)

// savedApp is a screen over the test's machine as it comes back from a file.
func savedApp(t *testing.T, w, h int) *driver {
	t.Helper()
	s := newMachine().snapshot(1)
	s.Taken = time.Now().Add(-75*time.Hour - 5*time.Minute)
	r := record.New("1.0", s, nil)
	r.Names = users.Names{Users: map[uint32]string{0: "superuser"}}
	db := s.ByPID(4242)
	d, err := fakeDetails{}.ReadParts(context.Background(), s, db.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	r.Add(d, &inside.View{Kernel: inside.Kernel{Hostname: reading.Value("db-inside")}})
	r.Add(&inspect.Detail{ID: s.ByPID(1).ID}, &inside.View{Kernel: inside.Kernel{Hostname: reading.Value("node7-inside")}})
	var file bytes.Buffer
	if err := r.Write(&file); err != nil {
		t.Fatal(err)
	}
	back, err := record.Read(&file, "the file")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("LANG", "C.UTF-8")
	t.Setenv("LC_ALL", "")
	o := Options{Interval: time.Second, Saved: back}
	a := newApp(context.Background(), o, kernel{last: back.LastCap}, back, back)
	fake := newFakeControl()
	a.limits.ctl = fake
	drv := &driver{t: t, app: a}
	drv.run(drv.app.pull())
	drv.size(w, h)
	return drv
}

// TestSaved holds that a saved machine is shown as such, stands still, and has nothing done to it.
func TestSaved(t *testing.T) {
	d := savedApp(t, 150, 40)
	d.has("snapshot of node7, ", "(3d 03:05 ago)", "redis-server", "superus…")
	d.hasNot("● 1s")
	if cmd := d.app.feed.nextTick(0); cmd != nil {
		t.Error("its clock ticks")
	}
	d.press("p")
	d.has("snapshot of node7")
	d.hasNot("paused")

	d.seek("redis")
	for _, key := range []string{"l", "x"} {
		d.press(key)
		if d.app.front() != nil {
			t.Fatalf("%s opens %T", key, d.app.front())
		}
		d.has("this is a saved snapshot (--from)")
	}
	d.press("c")
	d.has("Hostname", "node7-inside", "db-inside")
}

// TestSavedSays holds that a process whose details are not in the file says so.
func TestSavedSays(t *testing.T) {
	d := savedApp(t, 150, 50)
	d.seek("nginx: worker")
	d.detail().selectTab(len(tabs) - 1)
	d.has("Environ", "not in the snapshot")
	narrow := savedApp(t, 80, 24)
	if top := narrow.lines()[0]; !strings.Contains(top, "snapshot 3d 03:05 ago") {
		t.Errorf("the bar is %q", top)
	}
}

// seek narrows the tree to a name, and goes down to the process.
func (d *driver) seek(name string) {
	d.t.Helper()
	d.press("/")
	d.typed("'" + name + "'")
	d.press("enter", "end")
}
