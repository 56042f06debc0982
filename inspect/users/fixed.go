package users

import "time"

// Names is what a DB knows, to be kept.
type Names struct {
	Users, Groups  map[uint32]string
	SubUID, SubGID []Grant
}

// Names reads everything.
func (db *DB) Names() Names {
	db.mu.Lock()
	defer db.mu.Unlock()
	now := db.now()
	return Names{db.passwd.read(now), db.group.read(now), db.subuid.read(now), db.subgid.read(now)}
}

// Fixed returns a DB of names that were kept; it reads no files.
func Fixed(n Names) *DB {
	return &DB{
		now:    time.Now,
		passwd: table[map[uint32]string]{value: n.Users, fixed: true},
		group:  table[map[uint32]string]{value: n.Groups, fixed: true},
		subuid: table[[]Grant]{value: n.SubUID, fixed: true},
		subgid: table[[]Grant]{value: n.SubGID, fixed: true},
	}
}
