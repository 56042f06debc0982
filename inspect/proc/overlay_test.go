package proc

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOverlay(t *testing.T) {
	for options, want := range map[string]Overlay{
		// What Linux 6.18 shows for mount -o 'lowerdir=a\:b:e f:c\,d,upperdir=up,workdir=wk'.
		`rw,lowerdir=a\134:b:e\040f:c\134\054d,upperdir=up,workdir=wk,uuid=on`: {
			Lower: []string{"a:b", "e f", "c,d"}, Upper: "up", Work: "wk",
		},
		`ro,lowerdir=e\040f::data,redirect_dir=on`: {Lower: []string{"e f"}, Data: []string{"data"}},
		`ro,lowerdir=/a:/b::/c::/d`:                {Lower: []string{"/a", "/b"}, Data: []string{"/c", "/d"}},
		`rw,lowerdir+=a:b,lowerdir+=c\054d,lowerdir+=g\134h,datadir+=data,upperdir=u:p,workdir=w2,uuid=on`: {
			Lower: []string{"a:b", "c,d", `g\h`}, Data: []string{"data"}, Upper: "u:p", Work: "w2",
		},
		`rw,lowerdir=\134\134:b`: {Lower: []string{`\`, "b"}},
		`rw,lowerdir=a\134`:      {Lower: []string{`a\`}},
		`rw,lowerdir=:a:`:        {Lower: []string{"a"}},
		`rw,lowerdir=`:           {},
		`rw,lowerdir`:            {},
		`rw,upperdir=a=b`:        {Upper: "a=b"},
		// A directory's name cannot pass for an option: its comma is escaped.
		`rw,lowerdir=/x\054upperdir=/etc,upperdir=/u`: {Lower: []string{"/x,upperdir=/etc"}, Upper: "/u"},
		``: {},
	} {
		m := Mount{FSType: "overlay", SuperOptions: options}
		got, ok := m.Overlay()
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%s: %t, -want +got\n%s", options, ok, diff)
		}
	}
	if _, ok := (&Mount{FSType: "ext4", SuperOptions: "rw,lowerdir=/a"}).Overlay(); ok {
		t.Error("an ext4 mount is taken for an overlay")
	}
}

func TestOverlaySamples(t *testing.T) {
	mounts, err := ParseMountinfo(sample(t, "docker-db", "mountinfo"))
	if err != nil {
		t.Fatal(err)
	}
	const docker = "/var/lib/docker/overlay2/"
	const layer = docker + "10cbac38ca8fa1b6d16ced91f8b43c29ffde6c093737fdda6b8ea619743ef740/"
	want := Overlay{
		Lower: []string{docker + "l/QPRVHQUHK4E6ZY4GUP6MS7B6RN", docker + "l/TKM4L67BJRNPOKSF6L2R5GJRQO"},
		Upper: layer + "diff",
		Work:  layer + "work",
	}
	got, ok := mounts[0].Overlay()
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Errorf("%t, -want +got\n%s", ok, diff)
	}
}

func TestSuperOption(t *testing.T) {
	m := Mount{SuperOptions: `rw,hidepid=2,gid=1,x\054hidepid=0,empty=,last=1,last=2`}
	for name, want := range map[string]string{"rw": "", "hidepid": "2", "gid": "1", "empty": "", "last": "2"} {
		if got, ok := m.SuperOption(name); got != want || !ok {
			t.Errorf("%s: %q %t, want %q", name, got, ok, want)
		}
	}
	if got, ok := m.SuperOption("ro"); ok {
		t.Errorf("ro: %q, want none", got)
	}
}
