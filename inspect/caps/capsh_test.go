package caps

import (
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
)

// capsh --decode names every mask as we do.
func TestNamesAgreeWithCapsh(t *testing.T) {
	capsh, err := exec.LookPath("capsh")
	if err != nil {
		// libcap2-bin puts it into a directory that a normal user's PATH lacks.
		if capsh, err = exec.LookPath("/usr/sbin/capsh"); err != nil {
			t.Skip("needs capsh (package libcap2-bin)")
		}
	}
	masks := []Set{0, 1, DockerDefault, PodmanDefault, 0x1ffffffffff, 0x1fffeffffff, 0x3fffffffff, 0x20000420, 0xa80c35fb, 0x3ffffffffff, ^Set(0)}
	for c := range Cap(maskBits) {
		masks = append(masks, Of(c))
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		masks = append(masks, Set(random.Uint64()))
	}
	for _, mask := range masks {
		out, err := exec.Command(capsh, "--decode="+mask.Hex()).Output()
		if err != nil {
			t.Fatalf("capsh --decode=%s: %v", mask.Hex(), err)
		}
		if got, want := "0x"+mask.Hex()+"="+mask.String(), strings.TrimSpace(string(out)); got != want {
			t.Errorf("we say %s\ncapsh    %s", got, want)
		}
	}
}
