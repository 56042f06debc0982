// Package users gives names to numeric users and groups: from passwd(5) and group(5) of one root directory, and for the
// numbers that user namespaces map, whose subordinate range they are from (subuid(5), subgid(5)).
//
// It reads the files alone, no name service: what LDAP or systemd-userdb know has no name here, and the caller shows the
// number. Names are as the files have them; callers clean them for a terminal. It never fails: a file that is missing
// or malformed gives fewer names.
package users
