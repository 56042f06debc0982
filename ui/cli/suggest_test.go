package cli

import (
	"bytes"
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	words := []string{"ps", "ns", "run", "enter", "memory", "memset", "limits"}
	for typed, want := range map[string]string{
		"rnu": "run", "pss": "ps", "memry": "memory", "MEMORY": "memory", "entre": "enter", "limit": "limits", "mem": "memory",
		"list": "", "x": "", "": "", "docker": "",
	} {
		if got := nearest(typed, words); got != want {
			t.Errorf("nearest(%q) = %q, want %q", typed, got, want)
		}
	}
}

// The sources of a namespace are completed with the containers that there are.
func TestCompleteSource(t *testing.T) {
	a := &app{out: &bytes.Buffer{}, err: &bytes.Buffer{}}
	run := newRun(a)
	run.SetContext(t.Context())
	names, _ := a.completeSource(run, nil, "")
	if len(names) < 3 || names[0] != "new" || names[2] != "process:" {
		t.Error(names)
	}
	for _, name := range names[3:] {
		if !strings.HasPrefix(name, "container:") {
			t.Error(name)
		}
	}
}

// Who types what other tools have is told what to say here, on one line and with the status of wrong usage.
func TestForeignWords(t *testing.T) {
	for args, want := range map[string]string{
		"rnu":                                      "did you mean run?",
		"pause db":                                 "did you mean freeze?",
		"exec db sh":                               "did you mean enter?",
		"images":                                   "did you mean roots?",
		"run --memry 5M true":                      "did you mean --memory?",
		"run --name x true":                        "PID",
		"run --unshare-all true":                   "all namespaces are new",
		"run --unshare-pid true":                   "--pid new",
		"run -d true":                              "&",
		"run --publish 80:80 true":                 "--veth",
		"run -p 80:80 true":                        "--veth",
		"run --fork --pid --mount-proc sh":         "always a new process",
		"run --nonsense":                           "unknown flag --nonsense; see",
		"run --network bridge true":                "--net: \"bridge\" is not a namespace",
		"enter -u root db sh":                      "the target's user",
		"enter":                                    "needs TARGET",
		"roots x":                                  "takes no argument",
		"kill -f db":                               "say --yes",
		"enter db --ns foo sh":                     "--ns takes",
		"enter db --host-tools --ns mnt sh":        "leave one of them out",
		"run --spec /nonexistent":                  "no such file",
		"run --spec - --preset pid":                "give one",
		"run --veth 10.0.0.1 true":                 "--veth",
		"run --root /nonexistent true":             "docker save",
		"run --workdir tmp true":                   "--workdir: \"tmp\" is not an absolute path",
		"run --rlimit nosuch=1 true":               "--rlimit: \"nosuch\" is no resource",
		"run --hostname a_b!c true":                "--hostname: ",
		"run --uid-map 0:0:1 --gid-map 0:0:1 true": "--uid-map: maps the host's root",
	} {
		words := strings.Fields(args)
		var errs bytes.Buffer
		a := &app{out: &bytes.Buffer{}, err: &errs}
		root := newRoot(a, words)
		root.SetArgs(words)
		status := a.status(root.Execute())
		if status != exitUsage && !strings.Contains(want, "no such file") || !strings.Contains(errs.String(), want) {
			t.Errorf("%s: %d %s", args, status, errs.String())
		}
	}
}
