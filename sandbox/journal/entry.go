package journal

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
	"os"
	"strings"
	"syscall"
	"time"
)

// Change is one change to the system, as it is about to be made.
type Change struct {
	Action string // what it is: "limit", "freeze", "thaw", "kill", "signal", "launch", "enter", "undo"
	Target string // to what, in words: "db (docker 397f67197f60)"
	Shell  string // the shell line that does the same
	// The file that is written, and its values; all are "" when the change writes none. Device is "8:0" when the values
	// are one device's line of several.
	File, Device, Old, New string
	// Batch ties changes that were made together; "" for one that stands alone. See NewID.
	Batch string
	// Undoes is the batch that is undone by this change.
	Undoes string
	// Undo is what it takes to write Old again; nil when the change cannot be undone that way.
	Undo *Undo
}

// Undo identifies what File was when it was written.
type Undo struct {
	Limit string `json:"limit"` // the limit's name, as sandbox/cgroups has it
	Inode uint64 `json:"inode"` // of the cgroup's directory: another cgroup by its name has another
	Boot  string `json:"boot"`  // /proc/sys/kernel/random/boot_id: inode numbers begin anew with each boot
}

// Entry is one line of the journal.
type Entry struct {
	Time   time.Time `json:"time"`
	ID     string    `json:"id"`
	Batch  string    `json:"batch"` // its ID when it stands alone
	PID    int       `json:"pid"`   // cutaway's
	UID    int       `json:"uid"`   // who made the change, effective
	Action string    `json:"action"`
	Target string    `json:"target"`
	Shell  string    `json:"shell"`
	File   string    `json:"file,omitempty"`
	Device string    `json:"device,omitempty"`
	Old    string    `json:"old"`
	New    string    `json:"new"`
	Result string    `json:"result"` // "ok", or the error
	Errno  int       `json:"errno,omitempty"`
	Undoes string    `json:"undoes,omitempty"`
	Undo   *Undo     `json:"undo,omitempty"`

	// Unwritten says why the journal does not hold the entry; nil when it does.
	Unwritten error `json:"-"`
}

// OK tells whether the change was made.
func (e *Entry) OK() bool { return e.Result == resultOK }

const resultOK = "ok"

// Do makes a change by calling act, and writes it down with its result. err is act's. An entry that could not be
// written says why in Unwritten: the change was made all the same, and the user must be told.
func Do(c Change, act func() error) (e Entry, err error) {
	err = act()
	e = entryOf(c, err)
	e.Unwritten = write(&e)
	return e, err
}

func entryOf(c Change, err error) Entry {
	e := Entry{
		Time: time.Now().UTC(), ID: NewID(), Batch: c.Batch, PID: os.Getpid(), UID: os.Geteuid(),
		Action: c.Action, Target: clip(c.Target), Shell: clip(c.Shell), File: c.File, Device: c.Device, Old: c.Old, New: c.New,
		Result: resultOK, Undoes: c.Undoes, Undo: c.Undo,
	}
	if e.Batch == "" {
		e.Batch = e.ID
	}
	if err != nil {
		e.Result = clip(err.Error())
		errno := syscall.Errno(0)
		if errors.As(err, &errno) {
			e.Errno = int(errno)
		}
	}
	return e
}

// maxText bounds the texts that others may choose the length of.
const maxText = 16 << 10

func clip(s string) string {
	if len(s) > maxText {
		return strings.ToValidUTF8(s[:maxText], "") + "…"
	}
	return s
}

// idEncoding is base 32 in small letters, without padding.
var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewID is a new name for an entry or a batch: eight letters and digits, by chance.
func NewID() string {
	var b [5]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return idEncoding.EncodeToString(b[:])
}
