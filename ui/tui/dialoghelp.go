package tui

// dialogSections are the keys of the dialogs, for help and docs/keys.md: they say the same as the footers.
func dialogSections() []section {
	editor, asking := &limitsEditor{clock: &limitsClock{}}, &limitsEditor{clock: &limitsClock{left: keepTime}}
	return []section{
		{"Limits", editor.footer()},
		{"Limits, while it asks whether to keep a change", asking.footer()},
		{"Freeze, kill, signal", (&actionsMenu{}).footer()},
		{"A question", (&confirm{}).footer()},
		{"Journal", (&journalView{}).footer()},
		{"Journal, while typing what narrows it", (&journalView{typing: true}).footer()},
		{"Capability decoder, in the mask", (&decoder{}).footer()},
		{"Capability decoder, in the names", (&decoder{inNames: true}).footer()},
	}
}
