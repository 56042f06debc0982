package inspect

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// openFiles are a process's descriptors as proc tells them.
type openFiles struct {
	list []OpenFile
	cut  bool
}

// readFiles reads the links and the fdinfo of up to maxFDs descriptors. It follows no link. One that is closed in between
// is left out.
func readFiles(dir *procDir) (openFiles, error) {
	fds, cut, err := dir.numbers("fd", maxFDs)
	if err != nil {
		return openFiles{}, err
	}
	files := openFiles{list: make([]OpenFile, 0, len(fds)), cut: cut}
	for _, fd := range fds {
		target, err := dir.link("fd/" + strconv.Itoa(fd))
		if gone(err) {
			continue
		}
		f := OpenFile{FD: fd, Kind: UnknownFile, Target: target}
		f.Link = proc.ParseFDLink([]byte(target))
		if f.Link.Kind != proc.FDPath {
			f.Kind = FileKind(f.Link.Kind)
		}
		f.Info = readFDInfo(dir, fd)
		f.About = aboutInfo(&f)
		files.list = append(files.list, f)
	}
	return files, nil
}

func readFDInfo(dir *procDir, fd int) reading.Of[proc.FDInfo] {
	text, _, err := dir.read("fdinfo/"+strconv.Itoa(fd), maxSmall)
	return parsed(text, err, proc.ParseFDInfo)
}

// aboutInfo says what the fdinfo of an anonymous inode tells.
func aboutInfo(f *OpenFile) string {
	if f.Link.Kind != proc.FDAnonInode || !f.Info.OK() {
		return ""
	}
	info := &f.Info.Value
	switch {
	case info.PID.OK() && info.PID.Value < 0:
		return "a process that has ended"
	case info.PID.OK() && info.PID.Value == 0:
		return "a process outside of this PID namespace"
	case info.PID.OK():
		return fmt.Sprintf("process %d", info.PID.Value)
	case info.EventCount.OK():
		return fmt.Sprintf("count %d", info.EventCount.Value)
	case info.SigMask.OK():
		return strings.Join(proc.SignalNames(info.SigMask.Value), " ")
	case len(info.Watches) > 0:
		return fmt.Sprintf("%d watches", len(info.Watches))
	case len(info.Polled) > 0:
		return "waits for " + polled(info.Polled)
	}
	return ""
}

// polled lists the descriptors that an epoll descriptor waits for, up to a number that a line can show.
func polled(list []proc.PolledFD) string {
	const most = 16
	var b strings.Builder
	for i, p := range list {
		if i == most {
			return b.String() + ", …"
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(p.FD))
	}
	return b.String()
}

// fileTypes names what stat calls a file's type (inode(7)).
var fileTypes = map[uint16]FileKind{
	unix.S_IFREG: RegularFile, unix.S_IFDIR: DirectoryFile, unix.S_IFCHR: DeviceFile, unix.S_IFBLK: DeviceFile,
	unix.S_IFIFO: PipeFile, unix.S_IFSOCK: SocketFile,
}

// findTypes asks what the files are that are open by a path. A dead file system may not answer, although the question
// allows for an answer from memory (AT_STATX_DONT_SYNC, statx(2)): what is known by then stands.
func findTypes(ctx context.Context, g *guard, id ID, dir *procDir, files []OpenFile) {
	found := make([]atomic.Uint32, len(files))
	paths := make([]int, 0, len(files)) // descriptors, -1 where there is nothing to ask
	for i := range files {
		fd := -1
		if files[i].Link.Kind == proc.FDPath {
			fd = files[i].FD
		}
		paths = append(paths, fd)
	}
	wait := readAside(ctx, g, id, dir, "fd types", func(dir *procDir) (struct{}, error) {
		if !dir.isProc() {
			return struct{}{}, nil // links of a copy lead to files of another machine
		}
		for i, fd := range paths {
			var st unix.Statx_t
			if fd >= 0 && unix.Statx(dir.fd, "fd/"+strconv.Itoa(fd), unix.AT_STATX_DONT_SYNC|unix.AT_NO_AUTOMOUNT, unix.STATX_TYPE, &st) == nil {
				found[i].Store(uint32(st.Mode & unix.S_IFMT))
			}
		}
		return struct{}{}, nil
	})
	_, _ = wait() // being late is no reason to lose the rest
	for i := range files {
		if kind, ok := fileTypes[uint16(found[i].Load())]; ok {
			files[i].Kind = kind
		}
	}
}

// setFiles takes over the descriptors, with the addresses of sockets from the network namespace's tables.
func (d *Detail) setFiles(files openFiles, err error, sockets map[uint64]*proc.Socket) {
	d.Files = asReading(files.list, err)
	if files.cut {
		d.Cut = append(d.Cut, "fd")
	}
	for i := range d.Files.Value {
		f := &d.Files.Value[i]
		if f.Link.Kind != proc.FDSocket {
			continue
		}
		if s := sockets[f.Link.Ino]; s != nil {
			f.About = aboutSocket(s)
		}
	}
}

// aboutSocket words a socket as ss(8) does: "tcp 0.0.0.0:6379 LISTEN".
func aboutSocket(s *proc.Socket) string {
	words := []string{s.Proto}
	switch {
	case s.Proto == "unix":
		words = append(words, s.Type)
		if s.Path != "" {
			words = append(words, s.Path)
		}
	case s.Remote.Port() != 0:
		words = append(words, s.Local.String(), "to", s.Remote.String())
	default:
		words = append(words, s.Local.String())
	}
	return strings.Join(append(words, s.State), " ")
}
