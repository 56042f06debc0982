package control

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"cutaway/sandbox/cgroups"
	"cutaway/sandbox/journal"
)

// Result is a write that was made.
type Result struct {
	Write
	Now     string // what the kernel keeps: New, or what it rounded New to
	Rounded bool
	Entry   journal.Entry // its line in the journal; Entry.Unwritten says why there is none
}

// ErrChanged is wrapped when a file holds another value than the plan, or an undo, goes by.
var ErrChanged = errors.New("it was changed meanwhile")

// Apply makes the plan's writes in order and reads each back. When one fails, those before it are taken back, and the
// error says what stopped it; nothing is as planned then. batch names what was done in the journal, for PlanUndo.
func (p *Plan) Apply() (results []Result, batch string, err error) {
	for _, g := range p.groups {
		if err := guard("change "+p.Target, g); err != nil {
			return nil, "", err
		}
	}
	boot, err := bootID()
	if err != nil {
		return nil, "", err
	}
	if err := p.unchanged(); err != nil {
		return nil, "", err
	}
	batch = journal.NewID()
	for i := range p.Writes {
		r, err := p.write(&p.Writes[i], batch, boot)
		if err != nil {
			return results, batch, p.takeBack(results, batch, err)
		}
		results = append(results, r)
	}
	return results, batch, nil
}

// unchanged holds that no file was written by others since the plan was made.
func (p *Plan) unchanged() error {
	for i := range p.Writes {
		w := &p.Writes[i]
		now, err := w.setting.Read()
		if err != nil {
			return fmt.Errorf("change %s: %w", p.Target, err)
		}
		if now != w.Old {
			return fmt.Errorf("change %s: %s was %q and is %q: %w: look again", p.Target, w.File, w.Old, now, ErrChanged)
		}
	}
	return nil
}

func (p *Plan) write(w *Write, batch, boot string) (Result, error) {
	inode, err := w.setting.Identity()
	if err != nil {
		return Result{}, err
	}
	r := Result{Write: *w}
	r.Entry, err = journal.Do(journal.Change{
		Action: p.action, Target: p.Target, Shell: w.Shell, File: w.File, Device: w.Device, Old: w.Old, New: w.New,
		Batch: batch, Undoes: p.undoes, Undo: &journal.Undo{Limit: w.Limit, Inode: inode, Boot: boot},
	}, func() (err error) {
		r.Now, err = w.setting.Write()
		return err
	})
	r.Rounded = r.Now != w.New && !strings.Contains(w.File, "/io.max")
	return r, err
}

// takeBack restores what was written before a write failed.
func (p *Plan) takeBack(results []Result, batch string, failure error) error {
	for i := len(results) - 1; i >= 0; i-- {
		w := &results[i].Write
		_, err := journal.Do(journal.Change{
			Action: "undo", Target: p.Target, Shell: shellWrite(w.Old, w.File), File: w.File, Device: w.Device,
			Old: w.New, New: w.Old, Undoes: batch,
		}, func() error {
			_, err := w.setting.Restore()
			return err
		})
		if err != nil {
			return fmt.Errorf("change %s: %w; and taking back what was written before failed: %w", p.Target, failure, err)
		}
	}
	return fmt.Errorf("change %s: %w; nothing was changed", p.Target, failure)
}

// bootID tells this boot of the machine from others (random(4)).
func bootID() (string, error) {
	const file = "/proc/sys/kernel/random/boot_id"
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", file, err)
	}
	return strings.TrimSpace(string(text)), nil
}

// settingOf opens the file of an entry again, if that is still the file that was written.
func settingOf(m *cgroups.Machine, e *journal.Entry, boot string) (*cgroups.Group, *cgroups.Setting, error) {
	dir, file, ok := splitFile(e.File)
	if !ok {
		return nil, nil, fmt.Errorf("%q is no file of a cgroup", e.File)
	}
	if e.Undo.Boot != boot {
		return nil, nil, fmt.Errorf("%s: it was changed before the machine was started anew: %w", e.File, ErrGone)
	}
	g, err := m.OpenDir(dir)
	if err != nil {
		return nil, nil, err
	}
	s, err := g.Setting(e.Undo.Limit, file, e.Device, e.Old)
	if err == nil {
		var inode uint64
		if inode, err = s.Identity(); err == nil && inode != e.Undo.Inode {
			err = fmt.Errorf("%s: the cgroup that was changed was removed, and this is another one by its name: %w", e.File, ErrGone)
		}
	}
	if err != nil {
		g.Close()
		return nil, nil, err
	}
	return g, s, nil
}

func splitFile(path string) (dir, file string, ok bool) {
	at := strings.LastIndexByte(path, '/')
	if at <= 0 {
		return "", "", false
	}
	return path[:at], path[at+1:], true
}
