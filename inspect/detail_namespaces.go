package inspect

import (
	"golang.org/x/sys/unix"

	"cutaway/inspect/nsfs"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

// readNamespaces asks about all ten links.
func readNamespaces(dir *procDir) ([proc.NSLinks]NamespaceDetail, error) {
	var list [proc.NSLinks]NamespaceDetail
	isProc := dir.isProc()
	for link := range list {
		list[link] = namespaceDetail(dir, nsLinkPaths[link], isProc)
	}
	return list, nil
}

func namespaceDetail(dir *procDir, link string, isProc bool) NamespaceDetail {
	var n NamespaceDetail
	target, err := dir.link(link)
	n.Ino.How = reading.FromError(err)
	if err == nil {
		_, ino, ok := proc.ParseNSLink([]byte(target))
		if n.Ino.Value = ino; !ok {
			n.Ino.How = reading.How{State: reading.Failed}
		}
	}
	var f *nsfs.File
	if err == nil && !isProc {
		err = unix.ENOTTY // a copy answers no ioctl
	}
	if err == nil {
		f, err = nsfs.Open(dir.fd, link)
	}
	if err != nil {
		how := nsfs.How(err)
		n.Owner.How, n.Parent.How, n.OwnerUID.How = how, how, how
		return n
	}
	defer f.Close()
	ties := f.Relations()
	n.Owner = reading.Of[uint64]{Value: ties.Owner.Value.Ino, How: ties.Owner.How}
	n.Parent = reading.Of[uint64]{Value: ties.Parent.Value.Ino, How: ties.Parent.How}
	n.OwnerUID = ties.OwnerUID
	return n
}

func namespacesOf(list [proc.NSLinks]NamespaceDetail, err error) [proc.NSLinks]NamespaceDetail {
	if err != nil {
		how := reading.FromError(err)
		for link := range list {
			list[link] = NamespaceDetail{Ino: reading.Of[uint64]{How: how}}
			list[link].Owner.How, list[link].Parent.How, list[link].OwnerUID.How = how, how, how
		}
	}
	return list
}
