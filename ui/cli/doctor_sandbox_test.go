package cli

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"cutaway/inspect"
	"cutaway/sandbox/check"
)

func TestSandboxFinding(t *testing.T) {
	for _, c := range []struct {
		found check.Finding
		want  finding
	}{
		{
			check.Finding{Name: "new /proc", Value: "mounted"},
			finding{name: "sandbox: new /proc", value: "mounted"},
		},
		{
			check.Finding{Name: "ids", Health: check.Limited, Value: "one", Reason: "chown to others fails inside", Advice: "as root: usermod --add-subuids 1-2 a"},
			finding{name: "sandbox: ids", health: limited, value: "one", meaning: "Chown to others fails inside", advice: "As root: usermod --add-subuids 1-2 a"},
		},
		{
			check.Finding{Name: "user namespaces", Health: check.Refused, Value: "none", Reason: "clone(2) gives EPERM", Advice: "cutaway needs one"},
			finding{name: "sandbox: user namespaces", health: missing, value: "none", meaning: "clone(2) gives EPERM", advice: "cutaway needs one"},
		},
		{
			check.Finding{Name: "x", Reason: "/proc/self/setgroups is deny", Advice: "élan"},
			finding{name: "sandbox: x", meaning: "/proc/self/setgroups is deny", advice: "Élan"},
		},
	} {
		if got := sandboxFinding(c.found); got != c.want {
			t.Errorf("%+v becomes\n%+v, want\n%+v", c.found, got, c.want)
		}
	}
}

// Of another machine's files nothing is said by trying it on this one.
func TestSandboxOfAnotherMachine(t *testing.T) {
	a := &app{}
	a.inspect = inspect.Options{Proc: "/host/proc"}
	if found := checkSandbox(&patient{app: a}); found != nil {
		t.Errorf("%+v", found)
	}
}

// What doctor says as JSON is what check found, and hostile names in it are no terminal sequences in the text.
func TestSandboxInDoctor(t *testing.T) {
	a := &app{}
	a.inspect.Proc = "/proc"
	found := checkSandbox(&patient{app: a})
	if len(found) < 4 {
		t.Fatalf("too little was looked at: %+v", found)
	}
	var out bytes.Buffer
	a.out = &out
	found = append(found, sandboxFinding(check.Finding{Name: "mount", Value: "on /a\x1b[31m"}))
	if err := report(a, found, true); err != nil {
		t.Fatal(err)
	}
	var document struct {
		Checks []struct{ Name, Status, Value string }
	}
	if err := json.Unmarshal(out.Bytes(), &document); err != nil {
		t.Fatal(err)
	}
	for i, c := range document.Checks {
		if c.Name != found[i].name || c.Status != found[i].health.String() || !strings.HasPrefix(c.Name, "sandbox: ") {
			t.Errorf("%+v, found %+v", c, found[i])
		}
	}
	out.Reset()
	if err := report(a, found, false); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsRune(out.String(), '\x1b') {
		t.Errorf("an escape reaches the terminal: %q", out.String())
	}
}
