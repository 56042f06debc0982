package cli

import (
	"fmt"

	"cutaway/inspect"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// nsNode is a namespace in the tree by owner or by parent.
type nsNode struct {
	*inspect.NamespaceObject
	children []*nsNode
}

func nsTree(a *app, v *view, census *inspect.Census, f nsFlags) error {
	t := table{cols: append([]column{{head: "NAMESPACE"}}, nsColumns...)}
	for _, root := range nsForest(census, f) {
		t.addNamespace(v, root, "", "")
	}
	if err := t.write(a.out, v.st); err != nil {
		return err
	}
	return nsNote(a, v, census)
}

func (t *table) addNamespace(v *view, n *nsNode, lead, below string) {
	name := fmt.Sprintf("%s%s:[%d]", lead, n.Kind, n.ID.Ino)
	t.add(append([]string{name}, nsCells(v, n.NamespaceObject)...)...)
	g := v.st.glyphs
	for i, child := range n.children {
		if i < len(n.children)-1 {
			t.addNamespace(v, child, below+g.Branch+" ", below+g.Trunk+" ")
		} else {
			t.addNamespace(v, child, below+g.LastBranch+" ", below+"   ")
		}
	}
}

// nsForest links each namespace to the one above it. Those of which that is not known (above our view, or refused) are
// roots. What --type leaves out stays where it leads to something shown.
func nsForest(census *inspect.Census, f nsFlags) []*nsNode {
	nodes := make([]*nsNode, 0, len(census.Namespaces))
	at := map[uint64]*nsNode{} // inodes differ between all kinds (fs/nsfs.c)
	for _, object := range census.Namespaces {
		if f.tree == treeByParent && object.Kind != proc.PID && object.Kind != proc.User {
			continue
		}
		n := &nsNode{NamespaceObject: object}
		nodes = append(nodes, n)
		at[n.ID.Ino] = n
	}
	var roots []*nsNode
	for _, n := range nodes {
		above := n.above(f.tree)
		parent := at[above.Value.Ino]
		if above.OK() && parent != nil && parent != n {
			parent.children = append(parent.children, n)
		} else {
			roots = append(roots, n)
		}
	}
	return prune(roots, f)
}

// above is the namespace that a tree puts this one below.
func (n *nsNode) above(tree string) reading.Of[inspect.NSID] {
	if tree == treeByParent {
		return n.Parent
	}
	return n.Owner
}

// prune drops what --type leaves out, unless something below it is shown.
func prune(nodes []*nsNode, f nsFlags) []*nsNode {
	var kept []*nsNode
	for _, n := range nodes {
		n.children = prune(n.children, f)
		if f.shows(n.NamespaceObject) || len(n.children) > 0 {
			kept = append(kept, n)
		}
	}
	return kept
}
