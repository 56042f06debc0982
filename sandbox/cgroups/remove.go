package cgroups

import (
	"context"
	"errors"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// removePatience is how long a cgroup may stay busy after its last process has ended: until the kernel has let go of it.
const removePatience = time.Second

// Clear kills whoever is in the group, removes it and closes it. Most often nobody is, which removing it finds out by itself.
func (g *Group) Clear(ctx context.Context) error {
	empty := true
	for _, f := range g.folders {
		empty = rmdir(f.Dir) == nil && empty
	}
	if empty {
		g.Close()
		return nil
	}
	if err := g.Kill(ctx); err != nil {
		return err
	}
	return g.Remove(ctx)
}

// Remove removes the group's directories with those below, and closes it. No process may be in them.
func (g *Group) Remove(ctx context.Context) error {
	var err error
	for _, f := range g.folders {
		err = join(err, f.remove(ctx))
	}
	g.Close()
	return err
}

func (f *folder) remove(ctx context.Context) error {
	var last error
	done, err := again(ctx, removePatience, func() (bool, error) {
		if last = rmdir(f.Dir); last == nil {
			return true, nil
		}
		for _, dir := range f.below() { // it holds others, or is busy
			if last = rmdir(dir); last != nil {
				break
			}
		}
		if last == nil || errors.Is(last, unix.EBUSY) || errors.Is(last, unix.ENOTEMPTY) {
			return last == nil, nil
		}
		return false, last
	})
	if done || err != nil {
		return err
	}
	return last
}

func rmdir(dir string) error {
	_, err := retry(func() (int, error) { return 0, syscall.Rmdir(dir) })
	switch {
	case err == nil || errors.Is(err, unix.ENOENT):
		return nil
	case errors.Is(err, unix.EBUSY):
		return &Error{What: "remove the cgroup", Path: dir, Err: err, Advice: "a process is still in it"}
	}
	return &Error{What: "remove the cgroup", Path: dir, Err: err, Advice: ownerAdvice(err)}
}
