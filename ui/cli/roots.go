package cli

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"cutaway/sandbox/rootfs"
	"cutaway/ui/change"
	"cutaway/ui/text"
)

// rootsFlags are the flags of `cutaway roots`.
type rootsFlags struct {
	prune  bool
	unused time.Duration
	json   bool
}

func newRoots(a *app) *cobra.Command {
	var f rootsFlags
	c := &cobra.Command{
		Use:   "roots",
		Short: "List the unpacked root file systems of run --root, and remove them",
		Long: "List what `cutaway run --root` has unpacked from archives and images, which serves the next time. With --prune what no\n" +
			"sandbox uses is removed; --unused 720h keeps what was used in the last 30 days. Nothing is lost but the time to unpack again.",
		Example:           "  cutaway roots\n  cutaway roots --prune\n  cutaway roots --prune --unused 720h",
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(c *cobra.Command, _ []string) error { return a.roots(c.Context(), f) },
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.BoolVar(&f.prune, "prune", false, "remove what no sandbox uses, and list what was removed")
	flags.DurationVar(&f.unused, "unused", 0, "with --prune, only what nobody has used for this `TIME`, such as 36h")
	flags.BoolVar(&f.json, "json", false, "print JSON, which docs/json.md describes")
	return c
}

func (a *app) roots(ctx context.Context, f rootsFlags) error {
	switch {
	case f.unused < 0:
		return usagef("--unused takes a time such as 36h, not %v", f.unused)
	case f.unused > 0 && !f.prune:
		return usagef("--unused says what --prune removes: say --prune too")
	case f.prune && a.readonly:
		return errors.New("--readonly: nothing is removed; leave --readonly out to do so")
	}
	list, err := rootfs.List("")
	if f.prune {
		list, err = rootfs.Prune(ctx, "", f.unused)
	}
	if err != nil {
		return err
	}
	if f.json {
		return rootsJSON(a, list)
	}
	if f.prune {
		return a.pruned(list)
	}
	return rootsText(a, list)
}

// pruned says what was removed.
func (a *app) pruned(list []rootfs.Cached) error {
	if err := rootsText(a, list); err != nil {
		return err
	}
	if len(list) == 0 {
		a.note("nothing to remove")
		return nil
	}
	var bytes int64
	for i := range list {
		bytes += list[i].Bytes
	}
	a.note("removed " + change.Counted(len(list), "root", "roots") + ", " + text.Bytes(uint64(bytes)))
	return nil
}

func rootsText(a *app, list []rootfs.Cached) error {
	if len(list) == 0 {
		return nil
	}
	t := &table{cols: []column{{head: "KIND"}, {head: "SIZE", right: true}, {head: "FILES", right: true}, {head: "USED", right: true}, {head: "STATE"}, {head: "FROM", flex: true}}}
	for i := range list {
		r := &list[i]
		state := "-"
		switch {
		case r.InUse:
			state = "in use"
		case r.Damaged != nil:
			state = "damaged"
		}
		t.add(string(r.Kind), text.Bytes(uint64(r.Bytes)), text.Count(uint64(r.Entries)), text.Duration(time.Since(r.Used))+" ago", state, text.Sanitise(r.Path))
	}
	return t.write(a.out, a.style())
}

func rootsJSON(a *app, list []rootfs.Cached) error {
	j := newJSONWriter(a.out)
	return j.document(func() {
		j.key("roots").openArray()
		for i := range list {
			r := &list[i]
			j.elem().open()
			j.text("name", r.Key)
			j.text("digest", r.Digest)
			j.text("kind", string(r.Kind))
			j.text("path", r.Path)
			j.key("made").decimal(float64(r.Made.UnixMicro())/1e6, 6)
			j.key("used").decimal(float64(r.Used.UnixMicro())/1e6, 6)
			j.key("bytes").int(int(r.Bytes))
			j.key("entries").int(r.Entries)
			j.key("in_use").bool(r.InUse)
			j.key("damaged").bool(r.Damaged != nil)
			j.close()
			j.newline()
		}
		j.closeArray()
	})
}
