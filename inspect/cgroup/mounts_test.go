package cgroup

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestVisible(t *testing.T) {
	const root = "1 0 254:0 / / rw - ext4 /dev/vda rw\n2 1 0:22 / /sys rw - sysfs sysfs rw\n"
	tests := []struct {
		name, mountinfo string
		want            []string
	}{
		{"plain", root + "3 2 0:25 / /sys/fs/cgroup rw shared:5 master:1 - cgroup2 cgroup2 rw\n", []string{"/sys/fs/cgroup"}},
		{"no cgroups", root, nil},
		{"the source's name is no type", root + "3 2 0:25 / /sys/fs/cgroup rw - tmpfs cgroup rw\n", nil},
		{"covered by a later mount", root + "3 2 0:25 / /sys/fs/cgroup rw - cgroup2 a rw\n4 3 0:26 / /sys/fs/cgroup rw - tmpfs b rw\n", nil},
		{
			"covering another",
			root + "3 2 0:26 / /sys/fs/cgroup rw - tmpfs b rw\n4 3 0:25 / /sys/fs/cgroup rw - cgroup2 a rw\n",
			[]string{"/sys/fs/cgroup"},
		},
		{"below a directory that was covered later", root + "3 2 0:25 / /sys/fs/cgroup rw - cgroup2 a rw\n4 2 0:26 / /sys/fs rw - tmpfs b rw\n", nil},
		{"on a file system that was covered", root + "3 2 0:25 / /sys/fs/cgroup rw - cgroup2 a rw\n4 2 0:26 / /sys rw - tmpfs b rw\n", nil},
		{"beside, with a name that begins alike", root + "3 2 0:25 / /sys/fs/cgroup rw - cgroup2 a rw\n4 2 0:26 / /sys/fs/cg rw - tmpfs b rw\n", []string{"/sys/fs/cgroup"}},
		{"escaped", root + `3 2 0:25 / /mnt/a\040b\134c rw - cgroup2 a rw` + "\n", []string{`/mnt/a b\c`}},
		{"a root of the mount tree over another", "5 5 0:1 / / rw - rootfs r rw\n" + strings.ReplaceAll(root, "1 0 ", "1 5 ") + "3 2 0:25 / /sys/fs/cgroup rw - cgroup2 a rw\n", []string{"/sys/fs/cgroup"}},
		{"a loop of parents", "3 4 0:25 / /a rw - cgroup2 a rw\n4 3 0:26 / /b rw - tmpfs b rw\n", []string{"/a"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, m := range visible(parseMounts([]byte(test.mountinfo))) {
				got = append(got, m.MountPoint)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("visible cgroup mounts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestVisibleInContainer(t *testing.T) {
	mounts := visible(parseMounts([]byte(sample(t, "docker-db/mountinfo"))))
	if len(mounts) != 9 {
		t.Fatalf("%d cgroup mounts, want 9", len(mounts))
	}
	if m := mounts[3]; m.Root != dockerV1 || m.MountPoint != "/sys/fs/cgroup/memory" || m.SuperOptions != "rw,memory" {
		t.Errorf("the fourth is %+v, want memory's", m)
	}
}

func FuzzVisible(f *testing.F) {
	f.Add([]byte(sample(f, "docker-db/mountinfo")))
	f.Add([]byte("3 3 0:25 / /a\\04 rw - cgroup2 a rw\n3 4 0:25 /.. /a\\777 rw - cgroup a rw,name=\n"))
	f.Fuzz(func(t *testing.T, mountinfo []byte) {
		for _, m := range visible(parseMounts(mountinfo)) {
			if !isCgroup(&m) {
				t.Errorf("%+v is no cgroup mount", m)
			}
		}
	})
}
