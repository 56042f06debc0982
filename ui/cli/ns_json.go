package cli

import (
	"cutaway/inspect"
	"cutaway/inspect/proc"
	"cutaway/inspect/reading"
)

func nsJSON(a *app, v *view, census *inspect.Census, f nsFlags) error {
	j := newJSONWriter(a.out)
	return j.document(func() {
		j.host(v)
		j.key("namespaces").openArray()
		for _, n := range census.Namespaces {
			if !f.shows(n) {
				continue
			}
			j.elem().open()
			j.namespace(v, n)
			j.close()
			j.newline()
		}
		j.closeArray()
		j.key("unread_processes").int(census.Unread)
		j.key("unread_mount_namespaces").int(census.UnreadMounts)
	})
}

// namespace writes the keys of one namespace.
func (j *jsonWriter) namespace(v *view, n *inspect.NamespaceObject) {
	j.key("type").string(n.Kind.String())
	j.key("inode").uint(n.ID.Ino)
	j.key("device").uint(n.ID.Dev)
	j.key("host").bool(n.Host)
	j.related("owner", n.Owner)
	if n.Kind == proc.PID || n.Kind == proc.User {
		j.related("parent", n.Parent)
	}
	if n.Kind == proc.User {
		known(j, "creator_uid", n.CreatorUID, func(uid uint32) { j.uint(uint64(uid)) })
	}
	j.key("pids").openArray()
	for _, i := range n.Members {
		j.elem().int(v.Procs[i].PID)
	}
	j.closeArray()
	if n.First != nil {
		j.key("first_pid").int(n.First.PID)
	} else {
		j.key("first_pid").null()
	}
	j.texts("containers", containersOf(v, n.Namespace))
	j.key("holders").openArray()
	for _, h := range n.Holders {
		j.elem().open()
		j.holder(h)
		j.close()
	}
	j.closeArray()
}

// related writes the inode of the owner or parent.
func (j *jsonWriter) related(key string, r reading.Of[inspect.NSID]) {
	known(j, key, r, func(id inspect.NSID) { j.uint(id.Ino) })
}

// holder writes what keeps a namespace alive, with the keys that its kind has.
func (j *jsonWriter) holder(h inspect.Holder) {
	switch h.Kind {
	case inspect.HeldForChildren:
		j.key("kind").string("for_children")
		j.key("pid").int(h.PID)
	case inspect.HeldByThread:
		j.key("kind").string("thread")
		j.key("pid").int(h.PID)
		j.key("tid").int(h.TID)
	case inspect.HeldByFD:
		j.key("kind").string("fd")
		j.key("pid").int(h.PID)
		j.key("fd").int(h.FD)
	case inspect.HeldByMount:
		j.key("kind").string("mount")
		j.key("pid").int(h.PID)
		j.text("path", h.Path)
		j.key("mount_ns").uint(h.MountNS)
	case inspect.HeldByNamespace:
		j.key("kind").string("namespace")
		j.key("type").string(h.Namespace.Kind.String())
		j.key("inode").uint(h.Namespace.ID.Ino)
	}
}
