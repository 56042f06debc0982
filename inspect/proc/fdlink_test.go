package proc

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseFDLink(t *testing.T) {
	for text, want := range map[string]FDLink{
		"/etc/passwd":                 {Kind: FDPath, Name: "/etc/passwd"},
		"/tmp/x (deleted)":            {Kind: FDPath, Name: "/tmp/x", Deleted: true},
		"/tmp/\x1b[31m\n":             {Kind: FDPath, Name: "/tmp/\x1b[31m\n"},
		"/tmp/socket:[1]":             {Kind: FDPath, Name: "/tmp/socket:[1]"},
		"/dev/null":                   {Kind: FDDevice, Name: "/dev/null"},
		"/dev/pts/3 (deleted)":        {Kind: FDDevice, Name: "/dev/pts/3", Deleted: true},
		"/dev/shm/sem.x":              {Kind: FDPath, Name: "/dev/shm/sem.x"},
		"/dev/shm":                    {Kind: FDPath, Name: "/dev/shm"},
		"/dev/mqueue/q":               {Kind: FDPath, Name: "/dev/mqueue/q"},
		"/dev":                        {Kind: FDPath, Name: "/dev"},
		"/":                           {Kind: FDPath, Name: "/"},
		"/memfd:my mem (deleted)":     {Kind: FDMemfd, Name: "my mem", Deleted: true},
		"/memfd: (deleted)":           {Kind: FDMemfd, Deleted: true},
		"socket:[91819]":              {Kind: FDSocket, Name: "socket:[91819]", Ino: 91819},
		"pipe:[91709]":                {Kind: FDPipe, Name: "pipe:[91709]", Ino: 91709},
		"net:[4026531833]":            {Kind: FDNamespace, Name: "net", Ino: 4026531833},
		"anon_inode:[eventpoll]":      {Kind: FDAnonInode, Name: "eventpoll"},
		"anon_inode:inotify":          {Kind: FDAnonInode, Name: "inotify"}, // without brackets up to this day
		"anon_inode:bpf-map":          {Kind: FDAnonInode, Name: "bpf-map"},
		"anon_inode:[pidfd]":          {Kind: FDAnonInode, Name: "pidfd"},
		"socket:[x]":                  {Kind: FDOther, Name: "socket:[x]"},
		"pipe:[1":                     {Kind: FDOther, Name: "pipe:[1"},
		"pipe:[18446744073709551616]": {Kind: FDOther, Name: "pipe:[18446744073709551616]"},
		"novel:[7]":                   {Kind: FDOther, Name: "novel:[7]"},
		"":                            {Kind: FDOther},
	} {
		if diff := cmp.Diff(want, ParseFDLink([]byte(text))); diff != "" {
			t.Errorf("%q: -want +got\n%s", text, diff)
		}
	}
}

func TestParseFDLinkSamples(t *testing.T) {
	kinds := map[FDKind]int{}
	for name, b := range samples(t, "fd.txt") {
		for line := range strings.Lines(string(b)) {
			_, target, found := strings.Cut(strings.TrimSuffix(line, "\n"), " -> ")
			if !found {
				continue
			}
			link := ParseFDLink([]byte(target))
			kinds[link.Kind]++
			if link.Kind == FDOther {
				t.Errorf("%s: the kind of %q is not known", name, target)
			}
		}
	}
	for _, kind := range []FDKind{FDPath, FDDevice, FDSocket, FDPipe, FDAnonInode} {
		if kinds[kind] == 0 {
			t.Errorf("no sample has a %s", kind)
		}
	}
}

func FuzzParseFDLink(f *testing.F) {
	for _, s := range []string{"/memfd: (deleted)", "socket:[1]", "pipe:[]", "anon_inode:[", "anon_inode:]", "net:[1]", "/dev/"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		link := ParseFDLink(b)
		if isPath := len(b) > 0 && b[0] == '/'; isPath != (link.Kind == FDPath || link.Kind == FDDevice || link.Kind == FDMemfd) {
			t.Errorf("%q is taken for a %s", b, link.Kind)
		}
		if len(link.Name) > len(b) {
			t.Errorf("the name %q of %q", link.Name, b)
		}
	})
}
