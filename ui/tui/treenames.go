package tui

import (
	"strconv"
	"strings"

	"cutaway/inspect"
	"cutaway/inspect/reading"
	"cutaway/ui/text"
)

// name is what a row is called, with what is worth knowing at a glance.
func (t *treePane) name(r *treeRow) line {
	n := r.node
	switch n.Kind {
	case inspect.HostNode:
		return line{{strong, "host"}}
	case inspect.ContainerNode:
		return containerName(n.Container)
	case inspect.KindNode:
		return line{{strong, n.NSKind.String()}}.gap(2).put(dim, plural(len(n.Children), "namespace"))
	case inspect.NamespaceNode:
		return t.namespaceName(n)
	case inspect.CgroupNode:
		if n.Path == unknownCgroup {
			return words(warn, "could not be read")
		}
		return cgroupNodeName(n)
	default:
		return t.processName(r)
	}
}

// containerName is a container's name with who made it.
func containerName(c *inspect.Container) line {
	l := line{{strong, text.Sanitise(c.Name)}}.gap(2).put(accent, text.Sanitise(c.Engine))
	if c.Rootless {
		l = l.put(accent, " · rootless")
	}
	return l
}

func (t *treePane) namespaceName(n *inspect.Node) line {
	l := line{{strong, strconv.FormatUint(n.Namespace.ID.Ino, 10)}}
	switch {
	case n.Namespace.Host:
		l = l.gap(2).put(dim, "the host's")
	case n.Namespace.Letter != 0:
		l = l.gap(2).put(shareStyle(n.Namespace.Letter), string(n.Namespace.Letter))
	}
	l = l.gap(2).put(dim, strconv.Itoa(n.Count))
	if !n.Namespace.Host {
		names := containersOf(t.tree.snap, n.Namespace)
		l = l.gap(2).put(accent, strings.Join(names, ", "))
	}
	return l
}

// unknownCgroup is the path of the group in which inspect.Tree puts processes whose cgroup could not be read.
const unknownCgroup = "?"

// cgroupNodeName is a cgroup's own name, and the container's whose cgroup it is: ids do not say much.
func cgroupNodeName(n *inspect.Node) line {
	name := text.Sanitise(cgroupName(n.Path))
	for _, child := range n.Children {
		if child.Process == nil || child.Process.Container == nil {
			continue
		}
		if c := child.Process.Container; c.Cgroup != nil && c.Cgroup.Path() == n.Path {
			return words(strong, text.TruncateMiddle(name, 20)).gap(2).put(accent, text.Sanitise(c.Name))
		}
	}
	return words(strong, name)
}

// cgroupName is the last part of a cgroup's path; the parts before stand above it in the tree.
func cgroupName(path string) string {
	if i := strings.LastIndexByte(path, '/'); i >= 0 && path != "/" {
		return path[i+1:]
	}
	return path
}

func (t *treePane) processName(r *treeRow) line {
	p := r.node.Process
	if p.How.State == reading.Denied {
		return words(warn, "hidden").gap(2).put(dim, p.How.String())
	}
	st := plain
	if _, born := t.born[p.ID]; born {
		st = good
	}
	if r.id == t.sel && t.focused {
		st = strong
	}
	name := text.Sanitise(p.Comm)
	if p.Kernel {
		return line{{dim, "[" + name + "]"}}
	}
	l := line{{st, name}}
	if r.folded {
		l = l.gap(1).put(accent, "+"+strconv.Itoa(r.node.Count-1))
	}
	switch {
	case r.gone:
		return l.gap(2).put(dim, "ended")
	case p.State == 'Z':
		return l.gap(2).put(warn, "zombie")
	}
	return l.gap(2).put(dim, argsSummary(p))
}

// maxArgs is how many bytes of a command line a row looks at; no row is wider.
const maxArgs = 512

// argsSummary is the arguments of a process after the command itself.
func argsSummary(p *inspect.Process) string {
	if !p.Facts.Cmdline.OK() {
		return ""
	}
	cmd := p.Facts.Cmdline.Value
	if len(cmd) > maxArgs {
		cmd = cmd[:maxArgs]
	}
	arg0, rest, found := strings.Cut(cmd, "\x00")
	if !found || strings.Trim(rest, "\x00") == "" {
		// A process that renames itself (setproctitle) leaves one argument: "nginx: worker process".
		_, rest, found = strings.Cut(arg0, ": ")
		if !found {
			return ""
		}
	}
	return text.Sanitise(strings.ReplaceAll(strings.TrimRight(rest, "\x00"), "\x00", " "))
}
