package rootfs

import "testing"

func TestSameImage(t *testing.T) {
	for _, tt := range []struct {
		ref, name string
		want      bool
	}{
		{"busybox", "docker.io/library/busybox:latest", true},
		{"busybox:1", "busybox:1", true},
		{"busybox", "busybox:1", false},
		{"me/tool", "docker.io/me/tool:latest", true},
		{"tool:2", "localhost/tool:2", true},
		{"localhost/tool", "localhost/tool:latest", true},
		{"localhost:5000/tool", "localhost:5000/tool:latest", true},
		{"r.io/a/b:1", "r.io/a/b:1", true},
		{"a/b:1", "r.io/a/b:1", false},
		{"a@sha256:00", "docker.io/library/a@sha256:00", true},
		{"1", "1", true},
	} {
		if got := sameImage(tt.ref, tt.name); got != tt.want {
			t.Errorf("%q means %q: %v", tt.ref, tt.name, got)
		}
	}
}
