package tui

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"cutaway/sandbox"
	"cutaway/sandbox/export"
)

// testScripts has texts that depend on no machine.
func testScripts(t testing.TB) *scriptPane {
	t.Helper()
	p := newScriptPane(newTestLook())
	for i := range p.tools {
		switch p.tools[i].Name {
		case "unshare", "bwrap", "oci":
			name := p.tools[i].Name
			p.tools[i].Write = func(*sandbox.Spec) (export.Script, error) {
				return export.Script{
					Text: "#!/bin/bash\n# not expressible: landlock\n# a comment of " + name + " that goes on for more than one line in a narrow pane\n" +
						"  mount --rbind /some/place /some/other/place/that/is/so/long/that/no/line/holds/it/in/a/narrow/pane/or/in/a/wide/one\nexec sh\n",
					Missing: []string{"landlock: it has none", "the owners as inside: the host's files belong to nobody there, whoever they belong to outside"},
				}, nil
			}
		}
	}
	return p
}

func TestScriptGolden(t *testing.T) {
	t.Setenv("KEPT", "yes")
	for _, r := range []rect{{w: 45, h: 34}, {w: 80, h: 58}, {w: 80, h: 22}} {
		for tab, tool := range []string{"unshare", "", "docker", "", "run", "json"} {
			if tool == "" || tool == "docker" && r.h != 58 {
				continue
			}
			name := fmt.Sprintf("script-%s-%dx%d", tool, r.w, r.h)
			t.Run(name, func(t *testing.T) {
				s := sandbox.Default()
				if tool == "docker" { // names only what is set where the test runs
					s.Env.Keep = []string{"KEPT"}
				}
				p := testScripts(t)
				p.setSize(r, r.h > 22)
				p.setSpec(&s)
				p.selectTab(tab)
				runErrand(t, p.pull())
				golden(t, name, paneText(t, r, p.view(true)))
			})
		}
	}
}

func TestScriptPane(t *testing.T) {
	p := testScripts(t)
	p.setSize(rect{w: 45, h: 10}, true)
	if p.pull() != nil || p.text() != "" {
		t.Error("there is a text without a Spec")
	}
	a, b := sandbox.Default(), sandbox.Default()
	a.Hostname, b.Hostname = "first", "second"
	p.setSpec(&a)
	p.selectTab(4)
	first := p.pull()
	p.setSpec(&b)
	if p.pull() != nil {
		t.Error("two texts are made at a time")
	}
	runErrand(t, first)
	if !strings.Contains(p.text(), "first") {
		t.Errorf("the first text is %q", p.text())
	}
	runErrand(t, p.pull())
	if !strings.Contains(p.text(), "second") || p.pull() != nil {
		t.Errorf("the newest text is %q", p.text())
	}
	files := map[string]string{}
	for range p.tools {
		files[p.name()] = p.fileName()
		pressIn(t, p.section(), nil, nil, "right")
	}
	if files["cutaway run"] != "sandbox.sh" || files["oci"] != "config.json" || files["json"] != "spec.json" || files["docker"] != "sandbox.sh" {
		t.Errorf("%v", files)
	}
	p.view(true)
	p.click(p.drawn.tabs[5].x, p.drawn.tabs[5].y)
	if p.name() != "json" {
		t.Errorf("a click brings %s to the front", p.name())
	}
	runErrand(t, p.pull())
	p.view(true)
	pressIn(t, p.section(), nil, nil, "G")
	if got := paneText(t, p.r, p.view(true)); !strings.Contains(got, "\n│ }") {
		t.Errorf("the end is not shown:\n%s", got)
	}
}

// A Spec that does not hold together has no text, and the pane says why.
func TestScriptOfAWrongSpec(t *testing.T) {
	p := newScriptPane(newTestLook())
	p.setSize(rect{w: 80, h: 22}, false)
	s := sandbox.Default()
	s.Dir, s.Seccomp = evil, "x"
	p.setSpec(&s)
	runErrand(t, p.pull())
	got := paneText(t, p.r, p.view(true))
	if p.text() != "" || !strings.Contains(got, "seccomp: ") || !strings.Contains(got, "dir: ") || strings.ContainsAny(got, "\x1b\a") {
		t.Errorf("%q\n%s", p.text(), got)
	}
}

// No text and no size breaks it.
func TestScriptHostile(t *testing.T) {
	p := testScripts(t)
	for _, r := range []rect{{w: 45, h: 34}, {w: 1, h: 1}, {w: 4, h: 5}, {w: 20, h: 3}, {w: 80, h: 2}} {
		for i, m := range []madeScript{
			{script: export.Script{Text: strings.Repeat(evil+" ", 40) + "\n\n" + strings.Repeat("x", 300), Missing: []string{evil}}},
			{err: errors.Join(errors.New(evil), errors.New("x"))},
			{},
		} {
			m.tool = p.tab
			p.took(errandDone{p, i, m})
			p.setSize(r, i%2 == 0)
			isClean(t, p.view(true))
			paneText(t, r, p.view(true))
		}
	}
}
