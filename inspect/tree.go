package inspect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cutaway/inspect/proc"
)

// Grouping says by what a tree is grouped.
type Grouping uint8

// The groupings of the Tree screen and of `cutaway ps --tree`.
const (
	ByContainer Grouping = iota
	ByProcess
	ByNamespace
	ByCgroup
	Groupings = 4
)

// String is the grouping's name as --tree takes it.
func (g Grouping) String() string {
	return [...]string{"container", "process", "namespace", "cgroup"}[g]
}

// GroupingByName finds a grouping by its name.
func GroupingByName(name string) (Grouping, bool) {
	for g := range Grouping(Groupings) {
		if g.String() == name {
			return g, true
		}
	}
	return 0, false
}

// NodeKind says what a node of a tree stands for.
type NodeKind uint8

// The kinds of node.
const (
	HostNode      NodeKind = iota // the processes of no container
	ContainerNode                 // one container
	KindNode                      // one kind of namespace
	NamespaceNode                 // one namespace
	CgroupNode                    // one cgroup
	ProcessNode                   // one process
)

// Node is one line of a tree. Key is its identity over time: selection and folding hold on to it.
type Node struct {
	Kind      NodeKind
	Key       string
	Process   *Process   // of a ProcessNode
	Container *Container // of a ContainerNode
	Namespace *Namespace // of a NamespaceNode
	NSKind    proc.NSKind
	Path      string  // of a CgroupNode
	CPU       float64 // percent of one core: the process's own, or the sum below a group
	RSS       uint64  // bytes, likewise
	Count     int     // processes at and below it
	Children  []*Node
}

// Key is the identity of the process's node in every tree: groupings keep the selection by it.
func (id ID) Key() string { return fmt.Sprintf("p%d.%d", id.PID, id.Start) }

// Order compares two nodes of the same level. Trees keep groups in their own order and sort processes with it.
type Order func(a, b *Process) int

// Orders are the columns by which processes can be sorted, by name.
var Orders = map[string]Order{
	"pid":  func(a, b *Process) int { return cmp.Compare(a.PID, b.PID) },
	"cpu":  func(a, b *Process) int { return cmp.Or(cmp.Compare(b.CPU, a.CPU), cmp.Compare(a.PID, b.PID)) },
	"mem":  func(a, b *Process) int { return cmp.Or(cmp.Compare(b.RSS, a.RSS), cmp.Compare(a.PID, b.PID)) },
	"name": func(a, b *Process) int { return cmp.Or(cmp.Compare(a.Comm, b.Comm), cmp.Compare(a.PID, b.PID)) },
	"time": func(a, b *Process) int { return cmp.Or(cmp.Compare(b.CPUTime, a.CPUTime), cmp.Compare(a.PID, b.PID)) },
}

// TreeOptions say which processes a tree holds and in which order.
type TreeOptions struct {
	Keep    func(*Process) bool // nil keeps all
	Order   Order               // nil is by PID
	Reverse bool
}

// Tree arranges a snapshot's processes. Groups without a kept process are left out.
func Tree(s *Snapshot, by Grouping, o TreeOptions) []*Node {
	b := treeBuilder{s: s, o: o}
	if b.o.Order == nil {
		b.o.Order = Orders["pid"]
	}
	var roots []*Node
	switch by {
	case ByContainer:
		roots = b.byContainer()
	case ByNamespace:
		roots = b.byNamespace()
	case ByCgroup:
		roots = b.byCgroup()
	default:
		roots = b.forest(b.all())
	}
	for _, n := range roots {
		n.sum()
	}
	return roots
}

type treeBuilder struct {
	s *Snapshot
	o TreeOptions
}

func (b *treeBuilder) all() []int {
	list := make([]int, 0, len(b.s.Procs))
	for i := range b.s.Procs {
		list = append(list, i)
	}
	return b.kept(list)
}

func (b *treeBuilder) kept(list []int) []int {
	if b.o.Keep == nil {
		return list
	}
	var kept []int
	for _, i := range list {
		if b.o.Keep(&b.s.Procs[i]) {
			kept = append(kept, i)
		}
	}
	return kept
}

// forest links processes (positions in Procs) to those of their parents that are in the list too. Parents outside the
// list, or outside our PID namespace (PPID 0), make their children roots.
func (b *treeBuilder) forest(list []int) []*Node {
	if len(list) == 0 {
		return nil
	}
	nodes := make([]Node, len(list))
	at := make(map[int]*Node, len(list))
	for i, pos := range list {
		p := &b.s.Procs[pos]
		nodes[i] = Node{Kind: ProcessNode, Key: p.Key(), Process: p}
		at[p.PID] = &nodes[i]
	}
	var roots []*Node
	for i := range nodes {
		n := &nodes[i]
		if parent := at[n.Process.PPID]; parent != nil && parent != n {
			parent.Children = append(parent.Children, n)
		} else {
			roots = append(roots, n)
		}
	}
	b.sort(roots)
	for i := range nodes {
		b.sort(nodes[i].Children)
	}
	return roots
}

func (b *treeBuilder) sort(nodes []*Node) {
	slices.SortStableFunc(nodes, func(x, y *Node) int {
		c := b.o.Order(x.Process, y.Process)
		if b.o.Reverse {
			c = -c
		}
		return c
	})
}

// byContainer puts the host first, then every container; a nested container stands below the one around it.
func (b *treeBuilder) byContainer() []*Node {
	var host []int
	for i := range b.s.Procs {
		if b.s.Procs[i].Container == nil {
			host = append(host, i)
		}
	}
	var roots []*Node
	if children := b.forest(b.kept(host)); len(children) > 0 {
		roots = append(roots, &Node{Kind: HostNode, Key: "host", Children: children})
	}
	nodes := make(map[string]*Node, len(b.s.Containers))
	for _, c := range b.s.Containers {
		nodes[c.Key] = &Node{Kind: ContainerNode, Key: "c" + c.Key, Container: c, Children: b.forest(b.kept(c.Procs))}
	}
	for _, c := range b.s.Containers {
		if around := nodes[c.Parent]; around != nil && c.Parent != c.Key {
			around.Children = append(around.Children, nodes[c.Key])
		} else {
			roots = append(roots, nodes[c.Key])
		}
	}
	return withoutEmpty(roots)
}

// withoutEmpty leaves out the containers that hold no kept process.
func withoutEmpty(nodes []*Node) []*Node {
	return slices.DeleteFunc(nodes, func(n *Node) bool {
		if n.Process != nil {
			return false
		}
		n.Children = withoutEmpty(n.Children)
		return len(n.Children) == 0
	})
}

// byNamespace shows for each kind the namespaces that a process is in, each with its members.
func (b *treeBuilder) byNamespace() []*Node {
	var roots []*Node
	for k := range proc.NSKind(proc.NSKinds) {
		kind := &Node{Kind: KindNode, Key: "k" + k.String(), NSKind: k}
		for _, n := range b.s.Namespaces {
			if n.Kind != k {
				continue
			}
			members := b.forest(b.kept(n.Members))
			if len(members) == 0 {
				continue
			}
			kind.Children = append(kind.Children, &Node{
				Kind: NamespaceNode, Key: fmt.Sprintf("n%s:%d", k, n.ID.Ino), NSKind: k, Namespace: n, Children: members,
			})
		}
		if len(kind.Children) > 0 {
			roots = append(roots, kind)
		}
	}
	return roots
}

// byCgroup shows the tree of cgroup paths, each with the processes in it.
func (b *treeBuilder) byCgroup() []*Node {
	members := map[string][]int{}
	for _, i := range b.all() {
		members[cgroupPath(&b.s.Procs[i])] = append(members[cgroupPath(&b.s.Procs[i])], i)
	}
	paths := make([]string, 0, len(members))
	for path := range members {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	nodes := map[string]*Node{}
	var roots []*Node
	for _, path := range paths {
		n := cgroupNode(nodes, &roots, path)
		n.Children = append(b.forest(members[path]), n.Children...)
	}
	return roots
}

// cgroupNode finds or makes the node of a cgroup and of the cgroups above it.
func cgroupNode(nodes map[string]*Node, roots *[]*Node, path string) *Node {
	if n := nodes[path]; n != nil {
		return n
	}
	n := &Node{Kind: CgroupNode, Key: "g" + path, Path: path}
	nodes[path] = n
	slash := strings.LastIndexByte(path, '/')
	if slash < 0 || path == "/" {
		*roots = append(*roots, n)
		return n
	}
	above := path[:slash]
	if above == "" {
		above = "/"
	}
	parent := cgroupNode(nodes, roots, above)
	parent.Children = append(parent.Children, n)
	return n
}

// cgroupPath is the path that stands for a process's cgroup, or "?" when it could not be read.
func cgroupPath(p *Process) string {
	if !p.Facts.Cgroup.OK() {
		return "?"
	}
	return p.Facts.Cgroup.Value.Path()
}

// sum fills in a node's totals. A process below a namespace or a cgroup counts once for each group it stands in.
func (n *Node) sum() (cpu float64, rss uint64, count int) {
	for _, c := range n.Children {
		x, y, z := c.sum()
		cpu, rss, count = cpu+x, rss+y, count+z
	}
	n.Count = count
	if n.Process == nil {
		n.CPU, n.RSS = cpu, rss
		return cpu, rss, count
	}
	n.CPU, n.RSS = max(n.Process.CPU, 0), n.Process.RSS
	n.Count++
	return cpu + n.CPU, rss + n.RSS, n.Count
}
