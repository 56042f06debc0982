package tui

// toggleReveal shows the values that look like secrets until the selection changes.
func (d *detailPane) toggleReveal() {
	d.subject.reveal = !d.subject.reveal
	d.version++
}

func (d *detailPane) noSecrets() string {
	u := &d.subject
	if u.detail == nil || !u.detail.Environ.OK() || tabs[d.tab].title != environTitle {
		return "v reveals the environment's secrets: select a process and go to the tab " + environTitle
	}
	return ""
}
