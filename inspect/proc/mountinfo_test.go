package proc

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseMountinfo(t *testing.T) {
	for text, want := range map[string]Mount{
		// The example of proc_pid_mountinfo(5).
		"36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue": {
			ID: 36, Parent: 35, Major: 98, Root: "/mnt1", MountPoint: "/mnt2", Options: "rw,noatime",
			Propagation: []string{"master:1"}, FSType: "ext3", Source: "/dev/root", SuperOptions: "rw,errors=continue",
		},
		`4481 4463 0:239 /nl\012f//deleted /a\040b\011\134c rw shared:7 master:3 propagate_from:2 - tmpfs \043x\040y rw`: {
			ID: 4481, Parent: 4463, Minor: 239, Root: "/nl\nf//deleted", MountPoint: "/a b\t\\c", Options: "rw",
			Propagation: []string{"shared:7", "master:3", "propagate_from:2"}, FSType: "tmpfs", Source: "#x y", SuperOptions: "rw",
		},
		// A source may be empty, and then two spaces stand side by side.
		"4478 4463 0:247 / /tmp rw,relatime - tmpfs  rw": {
			ID: 4478, Parent: 4463, Minor: 247, Root: "/", MountPoint: "/tmp", Options: "rw,relatime",
			FSType: "tmpfs", SuperOptions: "rw",
		},
		"1 0 0:2 net:[4026532205] /run/netns/a rw unbindable - nsfs nsfs rw": {
			ID: 1, Minor: 2, Root: "net:[4026532205]", MountPoint: "/run/netns/a", Options: "rw",
			Propagation: []string{"unbindable"}, FSType: "nsfs", Source: "nsfs", SuperOptions: "rw",
		},
		`9 8 4095:1048575 /../.. /sys/fs/cgroup ro - cgroup2 - rw,lowerdir=a\054b\134:c`: {
			ID: 9, Parent: 8, Major: 4095, Minor: 1048575, Root: "/../..", MountPoint: "/sys/fs/cgroup", Options: "ro",
			FSType: "cgroup2", Source: "-", SuperOptions: `rw,lowerdir=a\054b\134:c`,
		},
	} {
		got, err := ParseMountinfo([]byte(text + "\n"))
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff([]Mount{want}, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", text, diff)
		}
	}
}

func TestParseMountinfoRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"empty line":       "\n",
		"no separator":     "36 35 98:0 / /mnt rw master:1 ext3 /dev/root rw\n",
		"no super options": "36 35 98:0 / /mnt rw - ext3 /dev/root\n",
		"no device":        "36 35 980 / /mnt rw - ext3 /dev/root rw\n",
		"device beyond":    "36 35 4294967296:0 / /mnt rw - ext3 /dev/root rw\n",
		"id beyond":        "3636363636 35 0:1 / /mnt rw - ext3 /dev/root rw\n",
		"cut short":        "36 35 98:0 / /mnt rw - ext3 /dev/root r",
		"nothing behind":   "36 35 98:0\n",
	} {
		if mounts, err := ParseMountinfo([]byte(text)); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v and error %v, want an error that wraps ErrFormat", name, mounts, err)
		}
	}
}

// The samples printed again are the samples.
func TestParseMountinfoSamples(t *testing.T) {
	for name, b := range samples(t, "mountinfo") {
		mounts, err := ParseMountinfo(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(string(b), printMountinfo(mounts)); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

// printMountinfo writes the lines as show_mountinfo in fs/proc_namespace.c does.
func printMountinfo(mounts []Mount) string {
	path := strings.NewReplacer(" ", `\040`, "\t", `\011`, "\n", `\012`, `\`, `\134`)
	name := strings.NewReplacer(" ", `\040`, "\t", `\011`, "\n", `\012`, `\`, `\134`, "#", `\043`)
	var b strings.Builder
	for _, m := range mounts {
		fmt.Fprintf(&b, "%d %d %d:%d %s %s %s", m.ID, m.Parent, m.Major, m.Minor, path.Replace(m.Root), path.Replace(m.MountPoint), m.Options)
		for _, field := range m.Propagation {
			b.WriteString(" " + field)
		}
		fmt.Fprintf(&b, " - %s %s %s\n", name.Replace(m.FSType), name.Replace(m.Source), m.SuperOptions)
	}
	return b.String()
}

func TestParseMountinfoThousands(t *testing.T) {
	one := string(sample(t, "docker-db", "mountinfo"))
	many := strings.Repeat(one, 5000/strings.Count(one, "\n")+1)
	mounts, err := ParseMountinfo([]byte(many))
	if err != nil || len(mounts) != strings.Count(many, "\n") {
		t.Errorf("%d mounts and error %v, want %d", len(mounts), err, strings.Count(many, "\n"))
	}
}

// Of a file cut short, the whole lines are there.
func TestParseMountinfoCutShort(t *testing.T) {
	text := string(sample(t, "lxc", "mountinfo"))
	for n := range len(text) {
		mounts, err := ParseMountinfo([]byte(text[:n]))
		whole := n == 0 || text[n-1] == '\n'
		if len(mounts) != strings.Count(text[:n], "\n") || whole != (err == nil) {
			t.Fatalf("cut to %d bytes: %d mounts and error %v", n, len(mounts), err)
		}
	}
}

func TestUnescape(t *testing.T) {
	for text, want := range map[string]string{
		"":             "",
		"/plain":       "/plain",
		`\040`:         " ",
		`a\040b\011c`:  "a b\tc",
		`\012\134\043`: "\n\\#",
		`\134040`:      `\040`, // one pass only
		`\04`:          `\04`,
		`\`:            `\`,
		`\\040`:        `\ `,
		`\400`:         `\400`, // no byte
		`\377`:         "\xff",
		`\08x`:         `\08x`,
		`x\`:           `x\`,
	} {
		if got := Unescape(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func BenchmarkParseMountinfo(b *testing.B) {
	text := sample(b, "vm-systemd-service", "mountinfo")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseMountinfo(text); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzParseMountinfo(f *testing.F) {
	seed(f, "mountinfo", "1 1 0:0 / / - - - - -\n", "1 1 0:0 a b c - d  e\n", "1 1 0:0 \\040 \\ c - - d e\n")
	f.Fuzz(func(t *testing.T, b []byte) {
		mounts, err := ParseMountinfo(b)
		wantFormatError(t, err)
		for i := range mounts {
			mounts[i].PropagationString()
			mounts[i].FSType = "overlay"
			o, _ := mounts[i].Overlay()
			if n := len(o.Lower) + len(o.Data); n > len(mounts[i].SuperOptions) {
				t.Errorf("%d layers out of %q", n, mounts[i].SuperOptions)
			}
		}
	})
}
