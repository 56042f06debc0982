package cgroups

import (
	"context"
	"fmt"
	"strings"

	"cutaway/inspect/cgroup"
)

// freezer is the folder that can freeze: v2's, which needs no controller, or v1's with the freezer. The root of v2 has
// no cgroup.freeze.
func (g *Group) freezer() *folder {
	for _, f := range g.folders {
		if !f.V2 && f.hasController("freezer") {
			return f
		}
	}
	if f := g.v2(); f != nil && f.has("cgroup.freeze") {
		return f
	}
	return nil
}

// freezerWords are how each version's file is called and what it takes.
func (f *folder) freezerWords() (file, freeze, thaw string) {
	if f.V2 {
		return "cgroup.freeze", "1", "0"
	}
	return "freezer.state", "FROZEN", "THAWED"
}

// frozen asks the kernel whether all processes of the group and below are frozen now, by itself or by an ancestor.
func (f *folder) frozen() (bool, error) {
	if f.V2 {
		text, err := f.read("cgroup.events")
		return strings.Contains("\n"+text+"\n", "\nfrozen 1\n"), err
	}
	text, err := f.read("freezer.state")
	return text == "FROZEN", err
}

// IsFrozen tells whether what joins a cgroup is frozen there; false where that cannot be told.
func IsFrozen(p cgroup.Place) bool {
	f, err := openFolder(p)
	if err != nil {
		return false
	}
	defer f.close()
	if !f.V2 {
		text, err := f.read("freezer.state") // who joins one that is FREEZING is frozen too
		return err == nil && text != "THAWED"
	}
	frozen, err := f.frozen()
	return err == nil && frozen
}

// FreezeFile is the file that freezes the group and what is written to it to freeze and to thaw; all are "" when no
// hierarchy can.
func (g *Group) FreezeFile() (file, freeze, thaw string) {
	f := g.freezer()
	if f == nil {
		return "", "", ""
	}
	name, freeze, thaw := f.freezerWords()
	return f.file(name), freeze, thaw
}

// Frozen tells whether all processes of the group are frozen.
func (g *Group) Frozen() (bool, error) {
	f := g.freezer()
	if f == nil {
		return false, noFreezer(g)
	}
	return f.frozen()
}

// Freeze stops all processes of the group and below, and returns when all have stopped. If they do not in time, the group
// is thawed again and the error says so.
func (g *Group) Freeze(ctx context.Context) error {
	f := g.freezer()
	if f == nil {
		return noFreezer(g)
	}
	file, freeze, thaw := f.freezerWords()
	done, err := again(ctx, patience, func() (bool, error) {
		// v1 may stay FREEZING until it is told again (Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst).
		if err := f.write(file, freeze); err != nil {
			return false, &Error{What: "write " + freeze, Path: f.file(file), Err: err, Advice: ownerAdvice(err)}
		}
		return f.frozen()
	})
	if done || err != nil {
		return err
	}
	return join(&Error{
		What: "freeze " + g.Name, Path: f.file(file), Err: leftError(ctx),
		Advice: "a process that waits in the kernel cannot be frozen; the group was thawed again",
	}, f.write(file, thaw))
}

// Thaw lets the processes of the group run again, and returns when they do.
func (g *Group) Thaw(ctx context.Context) error {
	f := g.freezer()
	if f == nil {
		return noFreezer(g)
	}
	file, _, thaw := f.freezerWords()
	if err := f.write(file, thaw); err != nil {
		return &Error{What: "write " + thaw, Path: f.file(file), Err: err, Advice: ownerAdvice(err)}
	}
	done, err := again(ctx, patience, func() (bool, error) {
		frozen, err := f.frozen()
		return !frozen, err
	})
	if done || err != nil {
		return err
	}
	return &Error{
		What: "thaw " + g.Name, Path: f.file(file), Err: leftError(ctx),
		Advice: fmt.Sprintf("it is still frozen, then, by a cgroup above %s: thaw that one", f.Dir),
	}
}

func noFreezer(g *Group) error {
	return &Error{What: "freeze " + g.Name, Err: ErrShared, Advice: "it has no cgroup of its own in a hierarchy that can freeze (v2, or v1's freezer)"}
}
