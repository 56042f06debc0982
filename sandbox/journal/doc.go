// Package journal writes down every change that cutaway makes to the system, and reads it again: one line of JSON for each
// change in $XDG_STATE_HOME/cutaway/journal.jsonl (~/.local/state without that variable), with the shell line that would have done the
// same, the old and the new value, the result, and what undoes it.
//
// Every change goes through Do. The change matters more than its record: when the journal cannot be written the change is
// made all the same, and the caller is told, who must tell the user. The file is the user's alone (0600), is only appended to, one
// write for a line under flock(2), and begins anew at 4 MiB; the one before it is kept. What stands in it is read as hostile: bounded, and
// lines that do not fit are skipped and counted.
package journal
