package tui

import (
	"slices"
	"strings"
	"testing"

	"cutaway/inspect"
	"cutaway/inspect/reading"
)

// redis goes to the detail of the process with limits.
func redis(t *testing.T, w, h int) *driver {
	d := testApp(t, w, h)
	d.press("#", "4", "2", "4", "2", "enter", "enter")
	return d
}

func TestOverviewOfProcess(t *testing.T) {
	d := redis(t, 160, 44)
	d.has("redis-server 4242", "inside 1", "db  docker 397f67197f60", "redis:7", "/proc/4242/cgroup", "999", "8.1M of 128M",
		"memory.max", "of 50%", "12 of 2,411 periods", "6 of 64", "00000000a80425fb", "docker's default set", "filter, 1",
		"docker-default (enforce)", "net with web", "1 kill")
}

// Each reason for a value not to be known looks different.
func TestUnknownLooksDifferent(t *testing.T) {
	seen := map[string]string{}
	for state := range reading.Failed + 1 {
		if state == reading.Known {
			continue
		}
		how := reading.How{State: state}
		l := missing(how).text()
		if other, ok := seen[l]; ok {
			t.Errorf("%v looks as %s: %q", how, other, l)
		}
		seen[l] = how.String()
	}
}

func TestSource(t *testing.T) {
	d := redis(t, 160, 50)
	for range 40 {
		if r := d.detail().selected(); r != nil && r.label == "effective" {
			break
		}
		d.press("j")
	}
	d.has("source of effective set", "/proc/4242/status", "CapEff", "$ capsh --decode=")
	d.press(".")
	d.hasNot("source of")
	d.press(".")
	d.has("source of effective set")
	d.press("y")
	if d.copied() != "00000000a80425fb" {
		t.Errorf("y copied %q", d.copied())
	}
	d.press("Y")
	if !strings.HasPrefix(d.copied(), "capsh --decode=") {
		t.Errorf("Y copied %q", d.copied())
	}
	d.press("d")
	d.has("decode a capability mask", "00000000a80425fb")
}

// Where the values need the room, the source comes when it is asked for.
func TestSourceWhenAsked(t *testing.T) {
	d := testApp(t, 120, 36)
	d.press("#")
	d.typed("4242")
	d.press("enter")
	d.hasNot("source of")
	d.press(".")
	d.has("source of")
	d.press(".")
	d.hasNot("source of")
}

// Where one pane has the window, the key for the source goes to the values first.
func TestSourceInSmallWindow(t *testing.T) {
	d := testApp(t, 80, 24)
	d.press("#", "4", "2", "4", "2", "enter", ".")
	d.has("redis-server 4242", "source of")
	d.press("esc")
	d.has("NAME")
}

func TestCapsExplained(t *testing.T) {
	d := redis(t, 160, 60)
	d.press("]", "]", "]")
	d.has("inheritable", "ambient", "They count over the host's user namespace")
	for range 13 {
		d.press("j")
	}
	d.has("cap_setpcap  bit 8")
	d.press("G")
	d.has("cap_checkpoint_restore  bit 40", "namespace trusts")
}

func TestSecretsAreMasked(t *testing.T) {
	d := redis(t, 160, 44)
	d.press("v")
	d.has("v reveals the environment's secrets")
	d.press("[")
	d.has("API_TOKEN=********", "1 masked, v reveals", "PATH=/usr/bin:/bin")
	d.press("j", "j")
	d.hasNot("s3cr3t-value")
	d.press("v")
	d.has("API_TOKEN=s3cr3t-value")
	d.press("esc", "j", "k", "enter")
	d.hasNot("s3cr3t-value")
}

// Every value of every tab whose source can be told names a field that inspect knows.
func TestFieldsAreKnown(t *testing.T) {
	known := inspect.Fields()
	d := redis(t, 160, 60)
	checked := 0
	for range tabs {
		d.press("]")
		d.app.View()
		for _, r := range d.detail().rows {
			if r.field == "" {
				continue
			}
			checked++
			list, _, _ := strings.Cut(string(r.field), ".")
			if !slices.Contains(known, r.field) && !slices.Contains(known, inspect.Field(list+".*")) {
				t.Errorf("the tab %s shows a field that inspect does not know: %s", tabs[d.detail().tab].title, r.field)
			}
		}
	}
	if checked < 60 {
		t.Errorf("only %d values have a source", checked)
	}
}

// The cursor stays on its value while the values around it change, and each tab keeps its own.
func TestCursorStays(t *testing.T) {
	d := redis(t, 120, 36)
	d.press("j", "j", "j")
	at := d.detail().selected().id
	d.tick()
	if got := d.detail().selected().id; got != at {
		t.Errorf("the cursor went from %s to %s", at, got)
	}
	d.press("]", "j", "[")
	d.app.View()
	if got := d.detail().selected().id; got != at {
		t.Errorf("the cursor came back to %s, not %s", got, at)
	}
}

// A detail that comes late, for a process that is no longer selected, is dropped.
func TestStaleDetail(t *testing.T) {
	d := redis(t, 120, 36)
	d.send(detailRead{detail: &inspect.Detail{ID: inspect.ID{PID: 1, Start: 100}}})
	if got := d.detail().subject.detail.ID.PID; got != 4242 {
		t.Errorf("the detail of %d is shown for 4242", got)
	}
}
