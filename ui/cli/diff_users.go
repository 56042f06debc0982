package cli

import (
	"fmt"
	"strings"

	"cutaway/inspect/compare"
)

// mostUsers is how many users, or groups, that one side alone has get a row each in text; of more the names are listed.
const mostUsers = 8

// sumUpUsers makes one row of the many users or groups that a whole system has and a container has not.
func sumUpUsers(rows []compare.Row) (list []compare.Row) {
	type kind struct {
		of    string // "user" or "group"
		state compare.State
	}
	names := map[kind][]string{}
	kindOf := func(r *compare.Row) kind {
		word, _, _ := strings.Cut(r.Label, " ")
		return kind{word, r.State}
	}
	for i := range rows {
		if r := &rows[i]; r.State == compare.OnlyLeft || r.State == compare.OnlyRight {
			name, _, _ := strings.Cut(alone(r).Text, " ")
			names[kindOf(r)] = append(names[kindOf(r)], name)
		}
	}
	said := map[kind]bool{}
	for i := range rows {
		r := rows[i]
		k := kindOf(&r)
		all := names[k]
		switch {
		case len(all) <= mostUsers:
			list = append(list, r)
		case !said[k]: // the first of them stands for all
			one := *alone(&r)
			one.Text = strings.Join(all, " ")
			r.Label, r.Left, r.Right = fmt.Sprintf("%d %ss", len(all), k.of), nil, nil
			if k.state == compare.OnlyLeft {
				r.Left = &one
			} else {
				r.Right = &one
			}
			list = append(list, r)
			said[k] = true
		}
	}
	return list
}

// alone is the value of the only side that has one.
func alone(r *compare.Row) *compare.Value {
	if r.State == compare.OnlyLeft {
		return r.Left
	}
	return r.Right
}
