package sandbox

import (
	"slices"
	"testing"

	"cutaway/inspect/proc"
)

// What nothing but its line of mountinfo decides, on machines that this one need not be.
func TestLikeKernelMounts(t *testing.T) {
	cgroup := Mount{Kind: CgroupFS, Target: "/sys/fs/cgroup"}
	for name, c := range map[string]struct {
		theirs   []proc.Mount
		proc     Proc
		sys      Sys
		dev      Dev
		mounts   []Mount
		marks    int
		masks    int
		leftOver int
	}{
		"version 2": {
			theirs: []proc.Mount{
				{MountPoint: "/sys", FSType: "sysfs", Root: "/", Options: "ro"},
				{MountPoint: "/sys/fs/cgroup", FSType: "cgroup2", Root: "/", Options: "ro"},
				{MountPoint: "/sys/firmware", FSType: "tmpfs", Root: "/", Options: "ro"},
			},
			proc: ProcKeep, sys: SysNew, dev: DevKeep, mounts: []Mount{cgroup},
		},
		"version 2 that can be written": {
			theirs: []proc.Mount{{MountPoint: "/sys/fs/cgroup", FSType: "cgroup2", Root: "/", Options: "rw"}},
			proc:   ProcKeep, sys: SysKeep, dev: DevKeep, mounts: []Mount{cgroup}, marks: 1,
		},
		"version 1": {
			theirs: []proc.Mount{
				{MountPoint: "/sys/fs/cgroup", FSType: "tmpfs", Root: "/", Options: "ro"},
				{MountPoint: "/sys/fs/cgroup/memory", FSType: "cgroup", Root: "/x", Options: "ro"},
				{MountPoint: "/sys/fs/cgroup/systemd", FSType: "cgroup", Root: "/x", Options: "ro"},
				{MountPoint: "/var/cgroup", FSType: "cgroup", Root: "/", Options: "ro"},
			},
			proc: ProcKeep, sys: SysKeep, dev: DevKeep, mounts: []Mount{cgroup}, leftOver: 1,
		},
		"Docker's": {
			theirs: []proc.Mount{
				{MountPoint: "/dev", FSType: "tmpfs", Root: "/", Options: "rw"},
				{MountPoint: "/dev/mqueue", FSType: "mqueue", Root: "/", Options: "rw"},
				{MountPoint: "/dev/pts", FSType: "devpts", Root: "/", Options: "rw"},
				{MountPoint: "/dev/shm", FSType: "tmpfs", Root: "/", Options: "rw", SuperOptions: "rw,size=65536k"},
				{MountPoint: "/proc", FSType: "proc", Root: "/", Options: "rw"},
				{MountPoint: "/proc/kcore", FSType: "tmpfs", Root: "/null", Options: "rw"},
				{MountPoint: "/proc/sys", FSType: "proc", Root: "/sys", Options: "ro"},
			},
			proc: ProcNew, sys: SysKeep, dev: DevMinimal, mounts: []Mount{{Kind: MQueue, Target: "/dev/mqueue"}}, masks: 2,
		},
		"more shared memory": {
			theirs: []proc.Mount{
				{MountPoint: "/dev", FSType: "tmpfs", Root: "/", Options: "rw"},
				{MountPoint: "/dev/shm", FSType: "tmpfs", Root: "/", Options: "rw", SuperOptions: "rw,size=1048576k"},
			},
			proc: ProcKeep, sys: SysKeep, dev: DevMinimal, mounts: []Mount{{Kind: TmpFS, Target: "/dev/shm", Size: 1 << 30}},
		},
		"nspawn's and another's": {
			theirs: []proc.Mount{
				{MountPoint: "/sys", FSType: "tmpfs", Root: "/", Options: "rw"},
				{MountPoint: "/sys/block", FSType: "sysfs", Root: "/block", Options: "ro"},
				{MountPoint: "/srv", FSType: "nfs4", Root: "/", Options: "rw"},
			},
			proc: ProcKeep, sys: SysNew, dev: DevKeep, leftOver: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := &mountReader{
				ours: placesOf(nil), theirs: c.theirs, hierarchies: holdCgroups(c.theirs), others: map[string][]string{},
				files: &files{root: Root{Kind: RootDir, Path: "/x"}, proc: ProcKeep, sys: SysKeep, dev: DevKeep},
			}
			for i := range r.theirs {
				r.add(&r.theirs[i], &heldFile{fd: -1})
			}
			if r.files.proc != c.proc || r.files.sys != c.sys || r.files.dev != c.dev || !slices.Equal(r.files.mounts, c.mounts) {
				t.Errorf("proc %s, sys %s, dev %s, mounts %+v", r.files.proc, r.files.sys, r.files.dev, r.files.mounts)
			}
			if len(r.files.marks) != c.marks || r.masks != c.masks || len(r.others) != c.leftOver {
				t.Errorf("marks %v, %d masks, left out %v", r.files.marks, r.masks, r.others)
			}
		})
	}
}
