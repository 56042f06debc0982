package proc

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cutaway/inspect/reading"
)

// What Linux 6.18 shows of descriptors of each kind.
var fdInfoTexts = map[string]string{
	"regular": "pos:\t4096\nflags:\t02100002\nmnt_id:\t27\nino:\t9980033\nlock:\t1: FLOCK  ADVISORY  WRITE 32139 fe:00:9980033 0 EOF\n",
	"old":     "pos:\t0\nflags:\t0100000\n", // before mnt_id and ino
	"end":     "pos:\t-1\nflags:\t0100000\nmnt_id:\t4\n",
	"pidfd":   "pos:\t0\nflags:\t02000002\nmnt_id:\t4\nino:\t32140\nPid:\t32139\nNSpid:\t32139\t7\n",
	"ended":   "pos:\t0\nflags:\t02000002\nmnt_id:\t4\nino:\t32140\nPid:\t-1\nNSpid:\t-1\n",
	"eventfd": "pos:\t0\nflags:\t02000002\nmnt_id:\t17\nino:\t1038\neventfd-count:               1f\neventfd-id: 1\neventfd-semaphore: 0\n",
	"inotify": "pos:\t0\nflags:\t00\nmnt_id:\t17\nino:\t1038\n" +
		"inotify wd:1 ino:f0747 sdev:fe00000 mask:fff ignored_mask:0 fhandle-bytes:8 fhandle-type:1 f_handle:614898008a8539dd\n" +
		"inotify wd:2 ino:2 sdev:18 mask:2 ignored_mask:0 \n",
	"eventpoll": "pos:\t0\nflags:\t02000002\nmnt_id:\t17\nino:\t1038\n" +
		"tfd:        7 events:       19 data:                7  pos:0 ino:1afb9 sdev:f\n",
	"signalfd": "pos:\t0\nflags:\t02\nmnt_id:\t17\nino:\t1038\nsigmask:\t0000000000004000\n",
	"tty":      "pos:\t0\nflags:\t02100002\nmnt_id:\t24\nino:\t91\ntty-index:\t0\n",
	"timerfd":  "pos:\t0\nflags:\t02\nmnt_id:\t17\nino:\t1038\nclockid: 1\nticks: 0\nsettime flags: 00\nit_value: (0, 0)\nit_interval: (0, 0)\n",
}

func TestParseFDInfo(t *testing.T) {
	// of starts with what every descriptor here has.
	of := func(flags uint32, mount int, ino uint64, change func(*FDInfo)) FDInfo {
		i := FDInfo{
			Flags: flags, MountID: mount, Ino: reading.Value(ino),
			PID: reading.Missing[int](reading.Absent), EventCount: reading.Missing[uint64](reading.Absent),
			SigMask: reading.Missing[uint64](reading.Absent),
		}
		if ino == 0 {
			i.Ino = reading.Missing[uint64](reading.Absent)
		}
		if change != nil {
			change(&i)
		}
		return i
	}
	for name, want := range map[string]FDInfo{
		"regular": of(0o2100002, 27, 9980033, func(i *FDInfo) {
			i.Pos, i.Locks = 4096, []string{"1: FLOCK  ADVISORY  WRITE 32139 fe:00:9980033 0 EOF"}
		}),
		"old":     of(0o100000, 0, 0, nil),
		"end":     of(0o100000, 4, 0, func(i *FDInfo) { i.Pos = -1 }),
		"pidfd":   of(0o2000002, 4, 32140, func(i *FDInfo) { i.PID, i.NSpid = reading.Value(32139), []int{32139, 7} }),
		"ended":   of(0o2000002, 4, 32140, func(i *FDInfo) { i.PID, i.NSpid = reading.Value(-1), []int{-1} }),
		"eventfd": of(0o2000002, 17, 1038, func(i *FDInfo) { i.EventCount = reading.Value[uint64](0x1f) }),
		"inotify": of(0, 17, 1038, func(i *FDInfo) {
			i.Watches = []InotifyWatch{{WD: 1, Ino: 0xf0747, Device: 0xfe00000, Mask: 0xfff}, {WD: 2, Ino: 2, Device: 0x18, Mask: 2}}
		}),
		"eventpoll": of(0o2000002, 17, 1038, func(i *FDInfo) { i.Polled = []PolledFD{{FD: 7, Events: 0x19}} }),
		"signalfd":  of(0o2, 17, 1038, func(i *FDInfo) { i.SigMask = reading.Value[uint64](1 << 14) }),
		"tty":       of(0o2100002, 24, 91, nil),
		"timerfd":   of(0o2, 17, 1038, nil),
	} {
		got, err := ParseFDInfo([]byte(fdInfoTexts[name]))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: error %v, -want +got\n%s", name, err, diff)
		}
	}
}

func TestParseFDInfoRefuses(t *testing.T) {
	const begin = "pos:\t0\nflags:\t02\n"
	for _, text := range []string{
		"", "pos:\t0\n", "pos:\tx\nflags:\t02\n", "pos:\t9223372036854775808\nflags:\t02\n", "pos:\t0\nflags:\t08\n",
		"pos:\t0\nflags:\t7777777777777\n", begin + "mnt_id:\t\n", begin + "ino:\t-1\n", begin + "Pid:\t2147483648\n",
		begin + "NSpid:\tx\n", begin + "eventfd-count: x\n", begin + "sigmask:\t11111111111111111\n", begin + "inotify wd:x\n",
		begin + "inotify wd:1 mask:-\n", begin + "tfd: 7\n", begin + "tfd: x events: 19\n", "pos:\t0\nflags:\t02",
	} {
		if got, err := ParseFDInfo([]byte(text)); !errors.Is(err, ErrFormat) {
			t.Errorf("%q: %v and error %v, want an error that wraps ErrFormat", text, got, err)
		}
	}
}

func FuzzParseFDInfo(f *testing.F) {
	for _, text := range fdInfoTexts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		i, err := ParseFDInfo(b)
		wantFormatError(t, err)
		if n := len(i.NSpid) + len(i.Watches) + len(i.Polled) + len(i.Locks); n > len(b) {
			t.Errorf("%d values out of %d bytes", n, len(b))
		}
	})
}
