package tui

// aligned is a line of two outputs side by side; -1 is nothing on that side.
type aligned struct{ left, right int }

// mostAligned bounds the lines that are lined up by what they have in common; more are set side by side as they come.
const mostAligned = 1500

// alignLines lines two texts up: lines that both have, in their order (the longest common subsequence), stand beside each other,
// and what is between them in pairs.
func alignLines(a, b []string) []aligned {
	var out []aligned
	start := 0
	for start < len(a) && start < len(b) && a[start] == b[start] {
		out = append(out, aligned{start, start})
		start++
	}
	endA, endB := len(a), len(b)
	for endA > start && endB > start && a[endA-1] == b[endB-1] {
		endA, endB = endA-1, endB-1
	}
	out = append(out, alignMiddle(a[start:endA], b[start:endB], start)...)
	for i := range len(a) - endA {
		out = append(out, aligned{endA + i, endB + i})
	}
	return out
}

// alignMiddle is alignLines for what does not begin and end alike; offset is added to the line numbers.
func alignMiddle(a, b []string, offset int) (out []aligned) {
	next := func(i, j, toA, toB int) {
		for i < toA || j < toB {
			pair := aligned{-1, -1}
			if i < toA {
				pair.left = i + offset
				i++
			}
			if j < toB {
				pair.right = j + offset
				j++
			}
			out = append(out, pair)
		}
	}
	if len(a) > mostAligned || len(b) > mostAligned {
		next(0, 0, len(a), len(b))
		return out
	}
	// common[i][j] is how many lines a[i:] and b[j:] have in common.
	width := len(b) + 1
	common := make([]uint16, (len(a)+1)*width)
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i*width+j] = common[(i+1)*width+j+1] + 1
			} else {
				common[i*width+j] = max(common[(i+1)*width+j], common[i*width+j+1])
			}
		}
	}
	i, j, fromA, fromB := 0, 0, 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			next(fromA, fromB, i, j)
			out = append(out, aligned{i + offset, j + offset})
			i, j = i+1, j+1
			fromA, fromB = i, j
		case common[(i+1)*width+j] >= common[i*width+j+1]:
			i++
		default:
			j++
		}
	}
	next(fromA, fromB, len(a), len(b))
	return out
}
