package tui

import (
	"strconv"

	"cutaway/inspect/caps"
	"cutaway/inspect/security"
	"cutaway/ui/text"
)

// summary is the selection in a few words: whose it is, what it may do, what it uses.
func (d *detailPane) summary() []string {
	u := &d.subject
	var parts []string
	if u.node == nil {
		return nil
	}
	if u.node.Process == nil {
		parts = append(parts, plural(u.node.Count, "process"))
	}
	if c := u.container; c != nil && u.node.Process != nil {
		parts = append(parts, text.Sanitise(c.Name), text.Sanitise(c.Engine))
	}
	if p := u.proc; p != nil && p.Facts.Status.OK() {
		st := p.Facts.Status.Value
		parts = append(parts, "caps "+caps.Summary(caps.Set(st.CapEff), d.kernel.last))
		if st.Seccomp.OK() {
			parts = append(parts, "seccomp "+security.SeccompMode(st.Seccomp.Value))
		}
	}
	if use := u.usage(); use != nil && use.MemoryUsage.OK() {
		parts = append(parts, text.Bytes(use.MemoryUsage.Value)+ofLimit(use.EffectiveMemory.Limit, text.Bytes).text())
	} else if u.node.Process == nil {
		parts = append(parts, text.Bytes(u.node.RSS), strconv.FormatFloat(u.node.CPU, 'f', 1, 64)+"%")
	}
	return parts
}
