package cli

import (
	"path"
	"strconv"
	"strings"

	"cutaway/inspect"
	"cutaway/ui/text"
)

// psTree prints the processes below their groups, with lines that lead from each to its children.
func psTree(cols []psColumn, by inspect.Grouping) func(*app, *view, inspect.TreeOptions) error {
	return func(a *app, v *view, o inspect.TreeOptions) error {
		t := newPSTable(cols)
		for _, n := range inspect.Tree(v.Snapshot, by, o) {
			t.addNode(v, n, "", "")
		}
		if err := t.write(a.out, v.st); err != nil {
			return err
		}
		return t.writeLegend(a, v)
	}
}

// addNode adds a node after lead, and what is below it after below.
func (t *psTable) addNode(v *view, n *inspect.Node, lead, below string) {
	if n.Process != nil {
		t.addProcess(v, n.Process, lead)
	} else {
		t.addGroup(v, n, lead)
	}
	g := v.st.glyphs
	for i, child := range n.Children {
		if i < len(n.Children)-1 {
			t.addNode(v, child, below+g.Branch+" ", below+g.Trunk+" ")
		} else {
			t.addNode(v, child, below+g.LastBranch+" ", below+"   ")
		}
	}
}

func (t *psTable) addGroup(v *view, n *inspect.Node, lead string) {
	cells := make([]string, len(t.ps))
	for i, c := range t.ps {
		if c.group != nil {
			cells[i] = c.group(v, n)
		}
		if c.name == "name" {
			cells[i] = lead + cells[i]
		}
	}
	t.rows = append(t.rows, tableRow{cells: cells, strong: true})
}

// writeLegend explains the fingerprint to a person; a program that reads the table has no use for it.
func (t *psTable) writeLegend(a *app, v *view) error {
	if v.st.width == 0 || !t.shows("ns") {
		return nil
	}
	_, err := a.out.Write([]byte("\n" + v.st.dim(v.st.glyphs.Text(text.Truncate(v.legend(), v.st.width))) + "\n"))
	return err
}

func (t *psTable) shows(name string) bool {
	for _, c := range t.ps {
		if c.name == name {
			return true
		}
	}
	return false
}

func groupName(v *view, n *inspect.Node) string {
	switch n.Kind {
	case inspect.HostNode:
		return "host"
	case inspect.ContainerNode:
		return text.Sanitise(n.Container.Name) + "  " + text.Sanitise(n.Container.Engine)
	case inspect.KindNode:
		return n.NSKind.String()
	case inspect.NamespaceNode:
		return namespaceTitle(v, n.Namespace)
	default:
		if n.Path == "/" || n.Path == "?" {
			return n.Path
		}
		return text.Sanitise(path.Base(n.Path))
	}
}

// namespaceTitle names a namespace and the containers that have processes in it.
func namespaceTitle(v *view, n *inspect.Namespace) string {
	title := strconv.FormatUint(n.ID.Ino, 10)
	if n.Letter != 0 {
		title += "  " + string(rune(n.Letter))
	}
	if n.Host {
		return title + "  host"
	}
	if names := containersOf(v, n); len(names) > 0 {
		title += "  " + text.Sanitise(strings.Join(names, ", "))
	}
	return title
}

func groupFingerprint(v *view, n *inspect.Node) string {
	switch n.Kind {
	case inspect.HostNode:
		return v.fingerprint(v.Host.NS)
	case inspect.ContainerNode:
		return v.fingerprint(n.Container.NS)
	default:
		return ""
	}
}
