// Package tui is cutaway's live screen.
//
// There is one tea.Model, App. Panes and dialogs are plain structs with methods that the App calls; they have no Update of
// their own. Update does no I/O: whatever reads the machine or takes long (scans, trees, details) runs in a command and
// comes back as one message, one request in flight for each kind, the newest wins. Nothing changes the model outside of
// Update. Layout is rectangles that are measured from the window, and only what is visible is drawn.
//
// A new tab is one new file that calls registerTab; a new screen is one new file that calls registerScreen. Keys live in
// the key map beside what they do, and help, footer and docs/keys.md are made from it.
//
// Text of other processes goes through text.Sanitise before it becomes part of a line.
package tui
