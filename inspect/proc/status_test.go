package proc

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect/reading"
)

// oldStatus is what a kernel before 4.3 prints: no CapAmb, NoNewPrivs, Seccomp_filters, Kthread, Umask or NSpid.
const oldStatus = `Name:	init
State:	S (sleeping)
Tgid:	1
Ngid:	0
Pid:	1
PPid:	0
TracerPid:	0
Uid:	0	0	0	0
Gid:	0	0	0	0
FDSize:	32
Groups:	
Threads:	1
SigQ:	0/3921
SigPnd:	0000000000000000
ShdPnd:	0000000000000000
SigBlk:	0000000000000000
SigIgn:	0000000000001000
SigCgt:	00000001a0016623
CapInh:	0000000000000000
CapPrm:	0000001fffffffff
CapEff:	0000001fffffffff
CapBnd:	0000001fffffffff
Seccomp:	0
voluntary_ctxt_switches:	1063
`

func TestParseStatus(t *testing.T) {
	const docker = 0xa80425fb
	const all = 0x1ffffffffff
	noMask, noBool, noCount, noBytes := reading.Missing[uint64](reading.Absent), reading.Missing[bool](reading.Absent),
		reading.Missing[uint32](reading.Absent), reading.Missing[uint64](reading.Absent)
	for name, test := range map[string]struct {
		text []byte
		want Status
	}{
		"redis in docker": {sample(t, "docker-db", "status"), Status{
			Umask: reading.Value[uint32](0o022), Tgid: 24665, Groups: []uint32{0}, NSpid: []int{24665, 1},
			Kthread: reading.Value(false), SigIgnored: 0x3001, SigCaught: 0x1000044ea,
			CapPrm: docker, CapEff: docker, CapBnd: reading.Value[uint64](docker), CapAmb: reading.Value[uint64](0),
			NoNewPrivs: reading.Value(false), Seccomp: reading.Value[uint8](2), SeccompFilters: reading.Value[uint32](1),
			VMSwap: reading.Value[uint64](0), VMHWM: reading.Value[uint64](12068 << 10),
		}},
		"a kernel thread": {sample(t, "kernel-thread", "status"), Status{
			Umask: reading.Value[uint32](0o022), Tgid: 2, NSpid: []int{2},
			Kthread: reading.Value(true), SigIgnored: 0xffffffffffffffff,
			CapPrm: all, CapEff: all, CapBnd: reading.Value[uint64](all), CapAmb: reading.Value[uint64](0),
			NoNewPrivs: reading.Value(false), Seccomp: reading.Value[uint8](0), SeccompFilters: reading.Value[uint32](0),
			VMSwap: noBytes, VMHWM: noBytes,
		}},
		"an old kernel": {[]byte(oldStatus), Status{
			Umask: noCount, Tgid: 1, Kthread: noBool, SigIgnored: 0x1000, SigCaught: 0x1a0016623,
			CapPrm: 0x1fffffffff, CapEff: 0x1fffffffff, CapBnd: reading.Value[uint64](0x1fffffffff), CapAmb: noMask,
			NoNewPrivs: noBool, Seccomp: reading.Value[uint8](0), SeccompFilters: noCount, VMSwap: noBytes, VMHWM: noBytes,
		}},
	} {
		got := Status{Groups: []uint32{9}, CapInh: 1} // what was there before must go
		if err := ParseStatus(test.text, &got); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

// Every line of the samples that a field stands for, printed again from the field, is the line.
func TestParseStatusSamples(t *testing.T) {
	for name, b := range samples(t, "status") {
		var s Status
		if err := ParseStatus(b, &s); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		printed := printStatus(&s)
		for line := range strings.Lines(string(b)) {
			label, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":\t")
			if got, known := printed[label]; known && got != value {
				t.Errorf("%s: %s is %q, want %q", name, label, got, value)
			}
		}
	}
}

// printStatus writes the fields as fs/proc/array.c does.
func printStatus(s *Status) map[string]string {
	ids := func(ids [4]uint32) string { return fmt.Sprintf("%d\t%d\t%d\t%d", ids[0], ids[1], ids[2], ids[3]) }
	mask := func(m uint64) string { return fmt.Sprintf("%016x", m) }
	bit := map[bool]string{false: "0", true: "1"}
	var nspid []string
	for _, pid := range s.NSpid {
		nspid = append(nspid, strconv.Itoa(pid))
	}
	var groups strings.Builder
	for _, group := range s.Groups {
		fmt.Fprintf(&groups, "%d ", group)
	}
	if len(s.Groups) == 0 {
		groups.WriteByte(' ')
	}
	return map[string]string{
		"Umask": fmt.Sprintf("%04o", s.Umask.Value), "Tgid": strconv.Itoa(s.Tgid), "TracerPid": strconv.Itoa(s.TracerPID),
		"Uid": ids(s.UID), "Gid": ids(s.GID), "Groups": groups.String(), "NSpid": strings.Join(nspid, "\t"),
		"Kthread": bit[s.Kthread.Value], "SigPnd": mask(s.SigPending), "ShdPnd": mask(s.ShdPending),
		"SigBlk": mask(s.SigBlocked), "SigIgn": mask(s.SigIgnored), "SigCgt": mask(s.SigCaught),
		"CapInh": mask(s.CapInh), "CapPrm": mask(s.CapPrm), "CapEff": mask(s.CapEff),
		"CapBnd": mask(s.CapBnd.Value), "CapAmb": mask(s.CapAmb.Value), "NoNewPrivs": bit[s.NoNewPrivs.Value],
		"Seccomp": strconv.Itoa(int(s.Seccomp.Value)), "Seccomp_filters": strconv.Itoa(int(s.SeccompFilters.Value)),
		"VmSwap": fmt.Sprintf("%8d kB", s.VMSwap.Value>>10), "VmHWM": fmt.Sprintf("%8d kB", s.VMHWM.Value>>10),
	}
}

func TestParseStatusRefuses(t *testing.T) {
	whole := string(sample(t, "docker-db", "status"))
	for name, change := range map[string][2]string{
		"a line without a colon":     {"Ngid:\t0\n", "Ngid 0\n"},
		"an empty line":              {"Ngid:\t0\n", "\n"},
		"a mask beyond 64 bits":      {"CapEff:\t0", "CapEff:\tf0"},
		"a mask that is not a mask":  {"CapEff:\t0000", "CapEff:\t0x00"},
		"an empty mask":              {"CapAmb:\t0000000000000000", "CapAmb:\t"},
		"three user ids":             {"Uid:\t0\t0\t0\t0", "Uid:\t0\t0\t0"},
		"five user ids":              {"Uid:\t0\t0\t0\t0", "Uid:\t0\t0\t0\t0\t0"},
		"a user id beyond 32 bits":   {"Uid:\t0\t", "Uid:\t4294967296\t"},
		"a group that is no number":  {"Groups:\t0 ", "Groups:\t0 x "},
		"a PID beyond an int":        {"NSpid:\t24665", "NSpid:\t2466524665246652466524665"},
		"memory beyond 64 bits":      {"VmSwap:\t       0 kB", "VmSwap:\t18014398509481984 kB"},
		"memory in another unit":     {"VmSwap:\t       0 kB", "VmSwap:\t       0 MB"},
		"a switch that is no switch": {"NoNewPrivs:\t0", "NoNewPrivs:\t2"},
	} {
		text := strings.Replace(whole, change[0], change[1], 1)
		if text == whole {
			t.Fatalf("%s: the sample has no %q", name, change[0])
		}
		if err := ParseStatus([]byte(text), new(Status)); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: error %v, want one that wraps ErrFormat", name, err)
		}
	}
}

func TestParseStatusMissingLine(t *testing.T) {
	whole := string(sample(t, "docker-db", "status"))
	for _, name := range requiredNames {
		at := strings.Index(whole, "\n"+name+":")
		text := whole[:at] + "\nX" + whole[at+1:]
		err := ParseStatus([]byte(text), new(Status))
		if !errors.Is(err, ErrFormat) || !strings.HasSuffix(err.Error(), "no line "+name) {
			t.Errorf("without %s: error %v", name, err)
		}
	}
}

// A file cut short is an error, or has lost only lines that say Absent; no number is half of one.
func TestParseStatusCutShort(t *testing.T) {
	whole := sample(t, "docker-db", "status")
	var want Status
	if err := ParseStatus(whole, &want); err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		var got Status
		err := ParseStatus(whole[:n], &got)
		wantFormatError(t, err)
		if err != nil {
			continue
		}
		if got.CapEff != want.CapEff || got.UID != want.UID || got.Tgid != want.Tgid {
			t.Fatalf("cut to %d bytes: the sets or ids are wrong", n)
		}
		if got.SeccompFilters.OK() && got.SeccompFilters != want.SeccompFilters || got.CapBnd.OK() && got.CapBnd != want.CapBnd {
			t.Fatalf("cut to %d bytes: half a number", n)
		}
	}
}

func TestParseStatusFewAllocations(t *testing.T) {
	b := sample(t, "docker-db", "status")
	var s Status
	if n := testing.AllocsPerRun(100, func() { _ = ParseStatus(b, &s) }); n > 2 {
		t.Errorf("%v allocations, want 2: Groups and NSpid", n)
	}
}

func BenchmarkParseStatus(b *testing.B) {
	for _, name := range []string{"docker-db", "host-shell", "kernel-thread"} {
		text := sample(b, name, "status")
		b.Run(name, func(b *testing.B) {
			var s Status
			b.ReportAllocs()
			for b.Loop() {
				if err := ParseStatus(text, &s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func FuzzParseStatus(f *testing.F) {
	seed(f, "status", oldStatus, "Name:\tx\nCapEff:", ":\n", "NSpid:\t1\t\n")
	f.Fuzz(func(t *testing.T, b []byte) {
		var s Status
		wantFormatError(t, ParseStatus(b, &s))
		if len(s.Groups)+len(s.NSpid) > len(b) {
			t.Errorf("%d groups and %d PIDs out of %d bytes", len(s.Groups), len(s.NSpid), len(b))
		}
	})
}
