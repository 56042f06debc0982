// Package record keeps what was seen of a machine in a file, to be looked at later or elsewhere: an inspect.Snapshot with the
// details of its processes, what containers see from inside, and what else the commands show. docs/snapshot.md describes the file.
//
// A Record answers what an inspect.Scanner, a DetailReader and a NamespaceReader answer of a machine that is there. A file may be
// anybody's: reading one is bounded in every way, and what it says is checked where others rely on it.
package record
