package proc

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSignalNames(t *testing.T) {
	for mask, want := range map[uint64][]string{
		0:           {},
		1:           {"SIGHUP"},
		0x3001:      {"SIGHUP", "SIGPIPE", "SIGALRM"}, // what redis ignores
		0x1000044ea: {"SIGINT", "SIGILL", "SIGABRT", "SIGBUS", "SIGFPE", "SIGSEGV", "SIGTERM", "SIG33"},
		1 << 31:     {"SIG32"},
		1 << 33:     {"SIGRTMIN"},
		1 << 36:     {"SIGRTMIN+3"},
		1 << 63:     {"SIGRTMIN+30"},
	} {
		if diff := cmp.Diff(want, SignalNames(mask)); diff != "" {
			t.Errorf("%#x: -want +got\n%s", mask, diff)
		}
	}
	if n := len(SignalNames(^uint64(0))); n != 64 {
		t.Errorf("%d names for all, want 64", n)
	}
}

// The system's kill names the signals up to 31 as we do.
func TestSignalNamesAsKill(t *testing.T) {
	kill, err := exec.LookPath("kill")
	if err != nil {
		t.Skip("needs kill, of procps or util-linux")
	}
	alias := map[string]string{"POLL": "IO", "IOT": "ABRT", "CLD": "CHLD"}
	for n := 1; n <= 31; n++ {
		out, err := exec.Command(kill, "-l", strconv.Itoa(n)).Output()
		if err != nil {
			t.Fatalf("kill -l %d: %v", n, err)
		}
		want := strings.TrimSpace(string(out))
		if other, ok := alias[want]; ok {
			want = other
		}
		if got := SignalName(n); got != "SIG"+want {
			t.Errorf("signal %d is %s, and kill says %s", n, got, want)
		}
	}
}
