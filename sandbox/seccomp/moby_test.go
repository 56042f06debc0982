package seccomp

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"cutaway/inspect/caps"
)

// mobyProfile is Docker's profile as its source has it, with what an OCI configuration does not know: includes and excludes.
type mobyProfile struct {
	Syscalls []struct {
		Names    []string
		Action   string
		ErrnoRet *uint
		Args     []Arg
		Includes struct {
			Caps, Arches []string
		}
		Excludes struct {
			Caps, Arches []string
		}
	}
}

// CUTAWAY_MOBY_PROFILE names the file seccomp/default.json of a checkout of github.com/moby/profiles: to see what a new
// release of Docker lets through that we do not, and the other way round.
func TestDockerAgreesWithMobysSource(t *testing.T) {
	file := os.Getenv("CUTAWAY_MOBY_PROFILE")
	if file == "" {
		t.Skip("needs moby's seccomp/default.json, named by CUTAWAY_MOBY_PROFILE")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var moby mobyProfile
	if err := json.Unmarshal(text, &moby); err != nil {
		t.Fatal(err)
	}
	ours := map[string]string{ // on purpose
		"amd64 uprobe": "allow", "arm64 uprobe": "allow", // the kernel's own calls: no filter sees them since Linux 6.14
	}
	keeps := []caps.Set{0, caps.DockerDefault, all}
	for c := range caps.LastKnown() + 1 {
		keeps = append(keeps, caps.Of(c))
	}
	for goarch, a := range arches {
		for _, keep := range keeps {
			_, b := compiled(t, Docker, goarch, keep)
			for i := range table {
				c := &table[i]
				if a.number(c) == none || ours[goarch+" "+c.name] != "" {
					continue
				}
				action, _ := run(t, b, event{number: uint32(a.number(c)), arch: a.audit})
				want := moby.answer(c.name, goarch, keep)
				got := answer(action)
				if got != "allow" && want != "allow" && c.name != "clone3" {
					continue // by EPERM there; by ENOSYS here where the call is newer
				}
				if got != want {
					t.Errorf("%s, %s kept: %s: %s, moby %s", goarch, keep, c.name, got, want)
				}
			}
			for family := range uint64(64) {
				action, _ := run(t, b, event{number: numberOf(t, goarch, "socket"), arch: a.audit, args: [6]uint64{family}})
				if got, want := answer(action), moby.answer("socket", goarch, keep, family); got != want {
					t.Errorf("%s: socket(%d): %s, moby %s", goarch, family, got, want)
				}
			}
			for _, flags := range []uint64{
				0, 17, unix.CLONE_NEWNS, unix.CLONE_NEWUSER, unix.CLONE_NEWNET, unix.CLONE_NEWPID,
				unix.CLONE_NEWUTS, unix.CLONE_NEWIPC, unix.CLONE_NEWCGROUP, unix.CLONE_VM,
			} {
				action, _ := run(t, b, event{number: numberOf(t, goarch, "clone"), arch: a.audit, args: [6]uint64{flags}})
				if got, want := answer(action), moby.answer("clone", goarch, keep, flags); got != want {
					t.Errorf("%s: clone(%#x): %s, moby %s", goarch, flags, got, want)
				}
			}
		}
	}
}

func (p *mobyProfile) answer(name, goarch string, keep caps.Set, args ...uint64) string {
	has := func(names []string) bool {
		set, err := caps.Encode(names...)
		return err == nil && keep&set == set
	}
	args = append(args, 0, 0, 0, 0, 0, 0)
	verdict := "EPERM"
	for _, r := range p.Syscalls {
		if !slices.Contains(r.Names, name) ||
			len(r.Includes.Arches) > 0 && !slices.Contains(r.Includes.Arches, goarch) || slices.Contains(r.Excludes.Arches, goarch) ||
			!has(r.Includes.Caps) || len(r.Excludes.Caps) > 0 && has(r.Excludes.Caps) {
			continue
		}
		if slices.ContainsFunc(r.Args, func(a Arg) bool { return !a.holds(args) }) {
			continue
		}
		switch {
		case r.Action == "SCMP_ACT_ALLOW":
			return "allow"
		case r.ErrnoRet != nil:
			verdict = unix.ErrnoName(unix.Errno(*r.ErrnoRet))
		}
	}
	return verdict
}

// holds tells whether a comparison holds for the arguments of a call (seccomp_rule_add(3)).
func (a Arg) holds(args []uint64) bool {
	v := args[a.Index]
	switch a.Op {
	case "SCMP_CMP_EQ":
		return v == a.Value
	case "SCMP_CMP_NE":
		return v != a.Value
	case "SCMP_CMP_LT":
		return v < a.Value
	case "SCMP_CMP_LE":
		return v <= a.Value
	case "SCMP_CMP_GT":
		return v > a.Value
	case "SCMP_CMP_GE":
		return v >= a.Value
	case "SCMP_CMP_MASKED_EQ":
		return v&a.Value == a.ValueTwo
	}
	panic("unknown comparison " + a.Op)
}
