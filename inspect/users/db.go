package users

import (
	"path/filepath"
	"sync"
	"time"
)

// checkEvery is how often the files are looked at for changes: often enough for a person who adds a user, seldom enough to
// name every row of a screen.
const checkEvery = time.Second

// DB names the users and groups of one root directory. Files are read when first asked for and again after they changed.
// It may be used by several goroutines at once.
type DB struct {
	mu             sync.Mutex
	now            func() time.Time
	passwd, group  table[map[uint32]string]
	subuid, subgid table[[]Grant]
}

// Open returns the names of the system whose root directory is root; "" is "/". It reads nothing yet.
func Open(root string) *DB {
	if root == "" {
		root = "/"
	}
	etc := func(name string) string { return filepath.Join(root, "etc", name) }
	return &DB{
		now:    time.Now,
		passwd: table[map[uint32]string]{path: etc("passwd"), parse: parseNames},
		group:  table[map[uint32]string]{path: etc("group"), parse: parseNames},
		subuid: table[[]Grant]{path: etc("subuid"), parse: parseGrants},
		subgid: table[[]Grant]{path: etc("subgid"), parse: parseGrants},
	}
}

// User is the name of a user id.
func (db *DB) User(uid uint32) (name string, ok bool) {
	db.mu.Lock()
	defer db.mu.Unlock()
	name, ok = db.passwd.read(db.now())[uid]
	return name, ok
}

// Group is the name of a group id.
func (db *DB) Group(gid uint32) (name string, ok bool) {
	db.mu.Lock()
	defer db.mu.Unlock()
	name, ok = db.group.read(db.now())[gid]
	return name, ok
}

// SubUID finds the range of subordinate user ids that a user id is from.
func (db *DB) SubUID(uid uint32) (Subordinate, bool) { return db.subordinate(&db.subuid, uid) }

// SubGID finds the range of subordinate group ids that a group id is from.
func (db *DB) SubGID(gid uint32) (Subordinate, bool) { return db.subordinate(&db.subgid, gid) }

func (db *DB) subordinate(t *table[[]Grant], id uint32) (Subordinate, bool) {
	db.mu.Lock()
	defer db.mu.Unlock()
	now := db.now()
	for _, g := range t.read(now) {
		if !g.holds(id) {
			continue
		}
		owner := g.Owner
		if uid, numeric := parseID(owner); numeric {
			if name, ok := db.passwd.read(now)[uid]; ok {
				owner = name
			}
		}
		return Subordinate{Owner: owner, Start: g.Start, Offset: id - g.Start}, true
	}
	return Subordinate{}, false
}
