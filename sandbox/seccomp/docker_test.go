package seccomp

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"cutaway/inspect/caps"
	"cutaway/inspect/livetest"
)

// difference is calls that our profile "docker" and a release of Docker answer otherwise.
type difference struct {
	calls        string // names of samples, with commas between them
	ours, docker string
}

// onPurpose are the differences from every release there has been.
var onPurpose = []difference{
	// Typing into a terminal that is shared, and numbers whose calls the filter does not know.
	{"ioctl TIOCSTI,ioctl TIOCSTI high,ioctl TIOCLINUX", "EPERM", "allow"},
	{"getpid of i386", "kill", "allow"},
	{"getpid of x32", "ENOSYS", "allow"},
	// As a kernel without the call says it.
	{"a number never given out", "ENOSYS", "EPERM"},
	// The kernel's own, which no filter sees since Linux 6.14.
	{"uprobe", "allow", "EPERM"},
	// Docker compares 64 bits of what the kernel takes for 32.
	{"socket high", "EPERM", "allow"},
}

// since2010 are the differences from Docker 20.10 that its later releases do not have.
var since2010 = []difference{
	{"io_uring_setup,io_uring_enter,io_uring_register,socket AF_ALG,socket AF_VSOCK", "EPERM", "allow"},
	{"uretprobe,name_to_handle_at,pkey_alloc,pkey_free,pkey_mprotect,process_vm_readv,process_vm_writev", "allow", "EPERM"},
	{"cachestat,fchmodat2,futex_requeue,futex_wait,futex_wake,map_shadow_stack,mseal,listmount,statmount", "allow", "ENOSYS"},
	{"setxattrat,getxattrat,listxattrat,removexattrat", "allow", "ENOSYS"},
	{"lsm_get_self_attr,lsm_list_modules,lsm_set_self_attr,set_mempolicy_home_node", "EPERM", "ENOSYS"},
	{"lsm_get_self_attr,lsm_list_modules,lsm_set_self_attr,set_mempolicy_home_node", "allow", "ENOSYS"}, // with a capability
}

// lines are differences as the test writes them.
func lines(lists ...[]difference) map[string]bool {
	set := map[string]bool{}
	for _, d := range slices.Concat(lists...) {
		for call := range strings.SplitSeq(d.calls, ",") {
			set[fmt.Sprintf("%s: %s, Docker %s", call, d.ours, d.docker)] = true
		}
	}
	return set
}

// The filter of a real container of Docker's, and ours for the same capabilities, answer alike to every call, but where we
// mean them to differ.
func TestDockerAgreesWithDocker(t *testing.T) {
	docker := livetest.Docker(t)
	if runtime.GOARCH != "amd64" {
		t.Skip("needs amd64: the differences are written down for it")
	}
	version := docker.Command(t, "version", "--format", "{{.Server.Version}}")
	known := lines(onPurpose, since2010)
	found := map[string]bool{}
	tests := []struct {
		name  string
		flags []string
		keep  caps.Set
	}{
		{"default", nil, caps.DockerDefault},
		{"none", []string{"--cap-drop=ALL"}, 0},
		{"SYS_ADMIN", []string{"--cap-add=SYS_ADMIN"}, caps.DockerDefault | sysAdmin},
		{"SYS_PTRACE", []string{"--cap-add=SYS_PTRACE"}, caps.DockerDefault | sysPtrace},
		{
			"many",
			[]string{"--cap-drop=ALL", "--cap-add=DAC_READ_SEARCH", "--cap-add=SYS_TIME", "--cap-add=SYS_NICE", "--cap-add=SYSLOG", "--cap-add=SYS_BOOT"},
			dacReadSearch | sysTime | sysNice | capSyslog | sysBoot,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := docker.Run(t, tt.flags...)
			theirs := filtersOf(t, c.PID)
			if len(theirs) == 0 {
				t.Fatal("the container has no filter")
			}
			_, ours := compiled(t, Docker, runtime.GOARCH, tt.keep)
			for name, e := range samples(t, runtime.GOARCH) {
				action, _ := run(t, ours, e)
				us, them := answer(action), strictest(t, theirs, e)
				if us == them {
					continue
				}
				line := fmt.Sprintf("%s: %s, Docker %s", name, us, them)
				found[line] = true
				if !known[line] {
					t.Errorf("Docker %s: %s", version, line)
				}
			}
		})
	}
	must := lines(onPurpose)
	if strings.HasPrefix(version, "20.10.") {
		must = known
	}
	for _, line := range slices.Sorted(maps.Keys(must)) {
		if !found[line] {
			t.Errorf("Docker %s does not differ as it should: %s", version, line)
		}
	}
}

// librarysOwn is what libseccomp decides itself: as OCI's comment says, and about calls that it has no name for: it is older
// than they are, or leaves them to the kernel.
var librarysOwn = func() map[string]bool {
	set := map[string]bool{"getpid of x32: kill": true, "a number never given out: EPERM": true, "uprobe: EPERM": true, "uretprobe: EPERM": true}
	for i := range table {
		if table[i].amd64 > 451 { // libseccomp 2.5.4 of 2022, with what Debian added
			set[table[i].name+": ENOSYS"] = true
		}
	}
	return set
}()

// What runc and crun make of our section, through libseccomp, is our program.
func TestEnginesAgreeWithTheSection(t *testing.T) {
	engines := []*livetest.Engine{livetest.Docker(t), livetest.Podman(t)}
	for _, profile := range []string{Docker, Strict} {
		for _, keep := range []caps.Set{0, caps.DockerDefault | sysAdmin} {
			section, err := OCI(profile, keep)
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(section)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "seccomp.json")
			if err := os.WriteFile(file, text, 0o644); err != nil {
				t.Fatal(err)
			}
			for _, engine := range engines {
				t.Run(fmt.Sprintf("%s %s %s", engine.Name, profile, keep.Hex()), func(t *testing.T) {
					c := engine.Run(t, "--security-opt=seccomp="+file)
					theirs := filtersOf(t, c.PID)
					if len(theirs) == 0 {
						t.Fatal("the container has no filter")
					}
					_, ours := compiled(t, profile, runtime.GOARCH, keep)
					for name, e := range samples(t, runtime.GOARCH) {
						action, _ := run(t, ours, e)
						us, them := answer(action), strictest(t, theirs, e)
						if us != them && !librarysOwn[fmt.Sprintf("%s: %s", name, them)] {
							t.Errorf("%s: %s, %s %s", name, us, engine.Name, them)
						}
					}
				})
			}
		}
	}
}
