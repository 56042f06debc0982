package tui

import (
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"cutaway/inspect"
)

// value is the row under the cursor of the detail pane as text, and what to call it. It is of the true bytes where the row
// keeps them.
func (r *row) value() (what, value string) {
	what = r.title
	if what == "" {
		what = r.label
	}
	if r.copy != "" {
		return what, r.copy
	}
	lines := make([]string, 0, len(r.lines))
	for _, l := range r.lines {
		lines = append(lines, strings.TrimRight(l.text(), " "))
	}
	return what, strings.Join(lines, "\n")
}

// copyValue copies the value under the cursor, or from the tree the PID or the id of the selection.
func (s *treeScreen) copyValue() tea.Cmd {
	what, value := s.selectionText()
	return s.copy(copyText{what, value})
}

// selectionText is what y copies, and what to call it.
func (s *treeScreen) selectionText() (what, value string) {
	if s.inDetail {
		if r := s.detail.selected(); r != nil {
			return r.value()
		}
		return "", ""
	}
	r := s.tree.selected()
	if r == nil {
		return "", ""
	}
	return nodeText(r.node)
}

// nodeText is what names a node in other programs.
func nodeText(n *inspect.Node) (what, value string) {
	switch n.Kind {
	case inspect.ProcessNode:
		return "the PID", strconv.Itoa(n.Process.PID)
	case inspect.ContainerNode:
		if n.Container.ID == "" {
			return "the name", n.Container.Name
		}
		return "the id", n.Container.ID
	case inspect.NamespaceNode:
		return "the inode", strconv.FormatUint(n.Namespace.ID.Ino, 10)
	case inspect.CgroupNode:
		return "the path", n.Path
	case inspect.KindNode:
		return "the kind", n.NSKind.String()
	default:
		return "the name", "host"
	}
}

func (s *treeScreen) nothingToCopy() string {
	if r := s.detail.selected(); s.inDetail && r != nil && r.secret {
		return "it looks like a secret: v reveals it first"
	}
	if _, value := s.selectionText(); value == "" {
		return "there is no value under the cursor"
	}
	return ""
}
