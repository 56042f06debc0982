package rootfs

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Whiteouts are files whose names say what a layer hides of the layers below (image-spec, layer.md).
const (
	whiteoutPrefix = ".wh."
	whiteoutOpaque = ".wh..wh..opq" // everything in this directory
	whiteoutMeta   = ".wh..wh."     // the rest with this prefix, and what is below, is aufs' own
)

// whiteout removes what the layers below have, and keeps what its own layer has made: the order in a layer means nothing.
func (t *tree) whiteout(path, name string) error {
	hidden := strings.TrimPrefix(name, whiteoutPrefix)
	if hidden == "" || hidden == "." || hidden == ".." {
		return errors.New("it is a whiteout of nothing")
	}
	at, err := t.find(path)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
		return nil // nothing there to hide
	}
	if err != nil {
		return fmt.Errorf("enter %s for a whiteout: %w", show(path), err)
	}
	defer unix.Close(at.fd)
	t.last.path = "" // what was entered may lead through what is removed
	if name == whiteoutOpaque {
		return t.hideAll(at)
	}
	return t.hide(at, hidden)
}

// hideAll removes what the layers below have in a directory.
func (t *tree) hideAll(at opened) error {
	dir, err := listable(at.fd, ".")
	if err != nil {
		return fmt.Errorf("list a directory for a whiteout: %w", err)
	}
	names, err := dir.Readdirnames(-1)
	if err := errors.Join(err, dir.Close()); err != nil {
		return fmt.Errorf("list a directory for a whiteout: %w", err)
	}
	for _, name := range names {
		if err := t.hide(at, name); err != nil {
			return err
		}
	}
	return nil
}

// hide removes what the layers below have under a name. A directory stays as long as something of this layer is in it.
func (t *tree) hide(at opened, name string) error {
	own := t.layer[place{at.dir, name}]
	fd, err := openat(at.fd, name, unix.O_PATH|unix.O_DIRECTORY, 0)
	switch {
	case err == nil:
		return t.hideDirectory(at, name, fd, own)
	case err == unix.ENOENT, own:
		return nil
	case err == unix.ENOTDIR, err == unix.ELOOP: // not a directory, or a link
		if err := unix.Unlinkat(at.fd, name, 0); err != nil {
			return fmt.Errorf("hide %s: %w", show(name), err)
		}
		return nil
	default:
		return fmt.Errorf("look at %s for a whiteout: %w", show(name), err)
	}
}

func (t *tree) hideDirectory(at opened, name string, fd int, own bool) error {
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	dir, err := t.known(fd)
	if err != nil {
		return fmt.Errorf("hide %s: %w", show(name), err)
	}
	if err := t.hideAll(opened{fd: fd, dir: dir}); err != nil || own {
		return err
	}
	inode, err := inodeOf(f)
	if err != nil {
		return err
	}
	switch err := unix.Unlinkat(at.fd, name, unix.AT_REMOVEDIR); err {
	case nil:
		delete(t.dirs, inode)
		return nil
	case unix.ENOTEMPTY, unix.EEXIST:
		return nil
	default:
		return fmt.Errorf("hide the directory %s: %w", show(name), err)
	}
}
