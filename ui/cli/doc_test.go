package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"cutaway/inspect"
	"cutaway/inspect/caps"
	"cutaway/sandbox/rootfs"
)

// Every key that a command emits is in docs/json.md, for values that are known and for those that are not.
func TestJSONIsDocumented(t *testing.T) {
	b, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(b)
	for name, out := range everyDocument(t) {
		for key := range keysOf(t, out) {
			base := strings.TrimSuffix(key, "_bytes")
			if !strings.Contains(doc, "`"+key+"`") && !strings.Contains(doc, "`"+base+"`") {
				t.Errorf("%s: docs/json.md does not say what %q is", name, key)
			}
		}
	}
}

// everyDocument has each command print JSON.
func everyDocument(t *testing.T) map[string][]byte {
	t.Helper()
	v := fixtureView()
	db, err := v.find("db")
	if err != nil {
		t.Fatal(err)
	}
	refused := target{process: v.ByPID(700)}
	everything := inspect.TreeOptions{Keep: func(*inspect.Process) bool { return true }, Order: inspect.Orders["pid"]}
	shares := *v.Containers[0].Usage
	shares.CPUWeightIsShares = true
	d := fixtureDetail(v)
	d.Cgroup = &shares

	docs := map[string][]byte{}
	emit := func(name string, command func(a *app) error) {
		var out bytes.Buffer
		a := &app{out: &out, inspect: inspect.Options{Proc: "/proc", Root: "/"}}
		if err := command(a); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !json.Valid(out.Bytes()) {
			t.Errorf("%s: not JSON: %s", name, out.Bytes())
		}
		docs[name] = out.Bytes()
	}
	emit("ps", func(a *app) error { return psJSON(a, v, everything) })
	emit("ns", func(a *app) error { return nsJSON(a, v, fixtureCensus(v), nsFlags{}) })
	emit("inspect", func(a *app) error { return inspectJSON(a, v, db, d, false) })
	emit("inspect refused", func(a *app) error { return inspectJSON(a, v, refused, &inspect.Detail{ID: refused.process.ID}, false) })
	emit("caps", func(a *app) error { return capsJSON(a, v, db.process) })
	emit("caps refused", func(a *app) error { return capsJSON(a, v, refused.process) })
	sides, groups := diffFixture(t)
	emit("diff", func(a *app) error { return diffJSON(a, sides, groups, true) })
	emit("decode", func(a *app) error { return decodeJSON(a, []caps.Set{0, 1<<60 | 1}) })
	emit("limits", func(a *app) error { return limitsJSON(a, limitsFixture(t, 0)) })
	emit("journal", func(a *app) error { return journalJSON(a, "/home/x/journal.jsonl", journalFixture(), 1) })
	emit("roots", func(a *app) error { return rootsJSON(a, []rootfs.Cached{{Key: "x", Kind: "tar"}}) })
	emit("doctor", func(a *app) error { return reportJSON(a, a.examine(context.Background())) })
	return docs
}

// keysOf collects the keys of all objects; those of unread are keys of the object around it.
func keysOf(t *testing.T, doc []byte) map[string]bool {
	t.Helper()
	var v any
	if err := json.Unmarshal(doc, &v); err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, value := range v {
				keys[key] = true
				walk(value)
			}
		case []any:
			for _, value := range v {
				walk(value)
			}
		}
	}
	walk(v)
	return keys
}

// What is null says why, or is one of the few keys for which null is an answer.
func TestNullsHaveReasons(t *testing.T) {
	answers := map[string]bool{
		"container": true, "pod": true, "usage": true, "first_pid": true, "fd": true, "value": true,
		"left": true, "right": true,
	}
	var walk func(name string, v any)
	walk = func(name string, v any) {
		switch v := v.(type) {
		case map[string]any:
			reasons, _ := v["unread"].(map[string]any)
			for key, value := range v {
				if value == nil && reasons[key] == nil && !answers[key] {
					t.Errorf("%s: %s is null without a reason", name, key)
				}
				walk(name, value)
			}
			for key := range reasons {
				if value, there := v[key]; !there || value != nil {
					t.Errorf("%s: a reason for %s, which is %v", name, key, value)
				}
			}
		case []any:
			for _, value := range v {
				walk(name, value)
			}
		}
	}
	for name, out := range everyDocument(t) {
		var v any
		if err := json.Unmarshal(out, &v); err != nil {
			t.Fatal(err)
		}
		walk(name, v)
	}
}
