package record

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"

	"github.com/klauspost/compress/zstd"

	"cutaway/inspect"
)

// window is how far zstd looks back, which bounds the memory of who reads.
const window = 4 << 20

// Write writes a record. Details for which there is no room are left out, and counted.
func (r *Record) Write(w io.Writer) error {
	z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window), zstd.WithEncoderCRC(true))
	if err != nil {
		return fmt.Errorf("compress the snapshot: %w", err)
	}
	out := &writer{w: z}
	r.write(out)
	if err := errors.Join(out.err, z.Close()); err != nil {
		return fmt.Errorf("write the snapshot: %w", err)
	}
	return nil
}

// writer writes lines and remembers the first error.
type writer struct {
	w     io.Writer
	buf   []byte
	lines int
	bytes int64
	left  int
	err   error
}

// put writes a line. It tells whether the line was short enough.
func (w *writer) put(l line) bool {
	w.buf = append(appendValue(w.buf[:0], reflect.ValueOf(l)), '\n')
	if len(w.buf) > most.line {
		return false
	}
	w.bytes += int64(len(w.buf))
	w.lines++
	if w.err == nil {
		_, w.err = w.w.Write(w.buf)
	}
	return true
}

// must is put for what cannot be left out.
func (w *writer) must(l line) {
	if !w.put(l) && w.err == nil {
		w.err = errRoom
	}
}

// may is put for what can be.
func (w *writer) may(l line) {
	if w.bytes > most.text/2 || !w.put(l) {
		w.left++
	}
}

func (r *Record) write(w *writer) {
	s := r.Snapshot
	w.must(line{Header: &r.Header})
	w.must(line{Machine: &machineLine{s.Host, s.Seq, s.Took, r.Uptime, r.Self, r.LastCap, r.Enforcing, r.Names}})
	for i := range s.Procs {
		p := s.Procs[i]
		p.Container = nil
		w.must(line{Process: &p})
	}
	for _, c := range s.Containers {
		w.must(line{Container: &containerLine{c.Container, c.Cgroup, c.Usage, c.CPU, c.RSS}})
	}
	for ino, maps := range sortedByKey(s.IDMaps) {
		w.must(line{IDMaps: &mapsLine{ino, maps}})
	}
	if r.census != nil {
		w.must(line{Census: &censusLine{r.census.Unread, r.census.UnreadMounts}})
		for _, n := range r.census.Namespaces {
			w.must(line{Namespace: namespaceLineOf(n)})
		}
	}
	for _, g := range sortedByKey(r.cgroups) {
		w.must(line{Cgroup: g})
	}
	for i := range s.Procs {
		id := s.Procs[i].ID
		if seen := r.inside[id]; seen != nil {
			w.may(line{Inside: &insideLine{id, seen}})
		}
	}
	for i := range s.Procs {
		if d := r.details[s.Procs[i].ID]; d != nil {
			w.may(line{Detail: d})
		}
	}
	w.must(line{End: &endLine{w.lines, r.LeftOut + w.left}})
}

func namespaceLineOf(n *inspect.NamespaceObject) *namespaceLine {
	l := &namespaceLine{
		Which: namespaceRef{n.Kind, n.ID.Ino}, Dev: n.ID.Dev, Host: n.Host, Owner: n.Owner, Parent: n.Parent, CreatorUID: n.CreatorUID,
	}
	if n.First != nil {
		l.First = n.First.PID
	}
	for _, h := range n.Holders {
		one := holder{Kind: h.Kind, PID: h.PID, TID: h.TID, FD: h.FD, Path: h.Path, MountNS: h.MountNS}
		if h.Namespace != nil {
			one.Holds = namespaceRef{h.Namespace.Kind, h.Namespace.ID.Ino}
		}
		l.Holders = append(l.Holders, one)
	}
	return l
}

// WriteFile writes a record to a file that its owner alone can read, in place of one that is there. It appears whole, or what was
// there before stays. What is no regular file is refused: a device, such as /dev/null, would be replaced.
func (r *Record) WriteFile(name string) error {
	info, err := os.Lstat(name)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return fmt.Errorf("write the snapshot: %w", err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no regular file, and stays: -o - writes to standard output, from where it may go anywhere", name)
	}
	return r.publish(name, os.Rename)
}

// WriteNew is WriteFile for a name that nothing has. The error is os.ErrExist when something has it, since whenever.
func (r *Record) WriteNew(name string) error {
	return r.publish(name, func(from, to string) error {
		return errors.Join(os.Link(from, to), os.Remove(from)) // link(2) never replaces
	})
}

// publish writes a record beside a name, and gives it the name when it is whole.
func (r *Record) publish(name string, give func(from, to string) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".cutaway-snapshot-*") // with mode 0600
	if err != nil {
		return fmt.Errorf("write the snapshot beside %s: %w", name, err)
	}
	if err := errors.Join(r.Write(f), f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	if err := give(f.Name(), name); err != nil {
		_ = os.Remove(f.Name()) // which may be gone already
		return fmt.Errorf("write the snapshot: %w", err)
	}
	return nil
}
