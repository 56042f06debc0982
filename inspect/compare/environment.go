package compare

import (
	"cutaway/inspect"
	"cutaway/inspect/secret"
)

// environment joins the variables by name. Values that look like secrets are masked; whether two of them
// are the same is told all the same.
func environment(p *pairs) {
	p.join("environ", p.l.environ(), p.r.environ())
	for i := range p.group.Rows {
		r := &p.group.Rows[i]
		hide := false
		for _, v := range []*Value{r.Left, r.Right} {
			hide = hide || v != nil && v.How.OK() && secret.Looks(r.Label, v.Text)
		}
		for _, v := range []*Value{r.Left, r.Right} {
			if hide && v != nil {
				v.Text, v.From.Raw.Value = secret.Mask, secret.Mask
			}
		}
	}
}

func (v *view) environ() list {
	l := list{how: notRead, from: v.from("environ")}
	if v.Detail == nil {
		return l
	}
	l.how = v.Detail.Environ.How
	seen := map[string]bool{}
	for _, e := range v.Detail.Environ.Value {
		if seen[e.Name] || e.Name == "" {
			continue // getenv(3) finds the first
		}
		seen[e.Name] = true
		l.add(e.Name, e.Name, func() *Value {
			from := v.from(inspect.Field("environ." + e.Name))
			if e.Value == secret.Mask { // the snapshot that it is from does not have it
				return unknown(notRead, from)
			}
			return known(e.Value, from)
		})
	}
	return l.inOrder()
}
