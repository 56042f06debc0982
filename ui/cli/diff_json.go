package cli

import (
	"cutaway/inspect/compare"
)

// diffJSON prints the groups with the rows that differ, or with all.
func diffJSON(a *app, sides [2]*compare.Side, groups []compare.Group, all bool) error {
	j := newJSONWriter(a.out)
	return j.document(func() {
		for i, name := range []string{"left", "right"} {
			s := sides[i]
			j.key(name).open()
			j.text("title", s.Title)
			j.key("pid").int(s.Process.PID)
			j.text("comm", s.Process.Comm)
			j.containerRef(s.Container)
			j.key("taken").decimal(float64(s.Snapshot.Taken.UnixMicro())/1e6, 6)
			j.close()
		}
		j.key("alike").bool(!compare.Differ(groups))
		j.key("groups").openArray()
		for i := range groups {
			g := &groups[i]
			n := g.Count()
			j.elem()
			j.newline()
			j.open()
			j.text("name", g.Name)
			j.key("counts").open()
			for state := range compare.State(compare.States) {
				j.key(state.String()).int(n[state])
			}
			j.close()
			j.key("rows").openArray()
			for k := range g.Rows {
				if r := &g.Rows[k]; all || r.State != compare.Same {
					j.diffRow(r)
				}
			}
			j.closeArray()
			j.close()
		}
		j.closeArray()
	})
}

func (j *jsonWriter) diffRow(r *compare.Row) {
	j.elem()
	j.newline()
	j.open()
	j.text("key", r.Key)
	j.text("label", r.Label)
	j.text("state", r.State.String())
	for _, side := range []struct {
		name  string
		value *compare.Value
	}{{"left", r.Left}, {"right", r.Right}} {
		switch v := side.value; {
		case v == nil:
			j.key(side.name).null()
		case !v.How.OK():
			j.missing(side.name, v.How)
		default:
			j.text(side.name, v.Text)
		}
	}
	if r.Note != "" {
		j.text("note", r.Note)
	}
	j.close()
}
