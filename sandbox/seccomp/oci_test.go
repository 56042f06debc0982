package seccomp

import (
	"encoding/json"
	"runtime"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"cutaway/inspect/caps"
)

// The section says of every call what the program does, read as runtime-spec has it: any rule may match.
func TestSectionAgreesWithProgram(t *testing.T) {
	for _, profile := range []string{Docker, Strict} {
		for _, keep := range []caps.Set{0, caps.DockerDefault, all} {
			section, err := OCI(profile, keep)
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(section)
			if err != nil {
				t.Fatal(err)
			}
			var back Section
			if err := json.Unmarshal(text, &back); err != nil {
				t.Fatal(err)
			}
			names := map[uint32]string{}
			for i := range table {
				if n := arches[runtime.GOARCH].number(&table[i]); n != none {
					names[uint32(n)] = table[i].name
				}
			}
			_, b := compiled(t, profile, runtime.GOARCH, keep)
			for name, e := range samples(t, runtime.GOARCH) {
				if names[e.number] == "" || e.arch != arches[runtime.GOARCH].audit {
					continue
				}
				action, _ := run(t, b, e)
				if got, want := back.answer(t, names[e.number], e.args[:]), answer(action); got != want {
					t.Errorf("%s, %s kept: %s: %s, the program %s", profile, keep, name, got, want)
				}
			}
		}
	}
	if section, err := OCI(Off, 0); section != nil || err != nil {
		t.Errorf("off: %v, %v", section, err)
	}
	if _, err := OCI("x", 0); err == nil {
		t.Error("x is a profile")
	}
}

func (s *Section) answer(t *testing.T, name string, args []uint64) string {
	t.Helper()
	verdict := ""
	for _, r := range s.Syscalls {
		if !slices.Contains(r.Names, name) || slices.ContainsFunc(r.Args, func(a Arg) bool { return !a.holds(args) }) {
			continue
		}
		now := "allow"
		if r.ErrnoRet != nil {
			now = unix.ErrnoName(unix.Errno(*r.ErrnoRet))
		}
		if verdict != "" && verdict != now {
			t.Errorf("two rules for %s say %s and %s", name, verdict, now)
		}
		verdict = now
	}
	if verdict == "" {
		return unix.ErrnoName(unix.Errno(s.DefaultErrnoRet))
	}
	return verdict
}

// Every number of 32 bits but the values matches one of the masks, and only one.
func TestOutside(t *testing.T) {
	for _, values := range [][]uint32{{0}, {^uint32(0)}, {unix.TIOCSTI}, {unix.TIOCSTI, unix.TIOCLINUX}, {38, 40}, {0, 1, 2, 3}, {1, 1 << 31}} {
		masks := outside(values, 0, 32)
		numbers := slices.Clone(values)
		for bit := range 32 {
			for _, v := range values {
				numbers = append(numbers, v^1<<bit, v+1<<bit, v-1<<bit)
			}
		}
		for _, n := range numbers {
			matches := 0
			for _, m := range masks {
				if n&m.mask == m.value {
					matches++
				}
			}
			want := 1
			if slices.Contains(values, n) {
				want = 0
			}
			if matches != want {
				t.Errorf("outside of %#x: %#x matches %d masks", values, n, matches)
			}
		}
		var count uint64 // of the numbers that the masks hold together
		for _, m := range masks {
			count += uint64(^m.mask) + 1
		}
		if want := uint64(1)<<32 - uint64(len(values)); count != want {
			t.Errorf("outside of %#x: %d numbers, want %d", values, count, want)
		}
	}
}
