package export

import (
	"os"
	"testing"

	"cutaway/inspect/livetest"
	"cutaway/sandbox"
)

// Each preset's line is run, and looked at from inside. bwrap has its own ways: always mounts of its own, no time namespace,
// and a user namespace for who is not root.
func TestBwrapLinesOfPresets(t *testing.T) {
	livetest.NeedTools(t, "bash", "bwrap")
	needNamespaces(t)
	for _, name := range sandbox.PresetNames() {
		t.Run(name, func(t *testing.T) {
			s := presetSpec(t, name)
			if name == "chroot" {
				s.Command = []string{"/bin/sh", "-c", "[ -e /bin/busybox ] && [ ! -e /usr ] && exit 3"}
			}
			text, err := Bwrap(s)
			if err != nil {
				t.Fatal(err)
			}
			got := run(t, script(t, text.Text))
			if name == "chroot" {
				if got.status != 3 {
					t.Errorf("status %d: %s\n%s", got.status, got.errOut, text.Text)
				}
				return
			}
			compare(t, s, got, map[string]bool{"mnt": true, "time": false, "user": s.Namespaces.User.IsNew() || os.Geteuid() != 0})
			keep, all := s.Kept()
			if !all && got.fields["CapEff"] != keep.Hex() && os.Geteuid() == 0 {
				t.Errorf("effective capabilities %s, want %s", got.fields["CapEff"], keep.Hex())
			}
			if t.Failed() {
				t.Logf("%s\n%s", text.Text, got.errOut)
			}
		})
	}
}

// Who is not root has no rights but those of its files.
func TestBwrapLineOfAUser(t *testing.T) {
	livetest.NeedTools(t, "bash", "bwrap")
	livetest.NeedRoot(t)
	s := presetSpec(t, "isolated")
	s.User = sandbox.User{UID: 7, GID: 8}
	s.Capabilities = []string{"cap_kill"}
	text, err := Bwrap(s)
	if err != nil {
		t.Fatal(err)
	}
	got := run(t, script(t, text.Text))
	compare(t, s, got, map[string]bool{"time": false})
	compareRights(t, s, got)
}
