package cli

import (
	"bufio"
	"io"
	"strings"

	"cutaway/ui/text"
)

// table lays out rows of cells under their heads. Cells are safe text already; styles are added when it is written.
type table struct {
	cols []column
	rows []tableRow
}

// tableRow is one line of a table.
type tableRow struct {
	cells  []string
	strong bool // it heads the lines below it
}

// column is one column of a table.
type column struct {
	head  string
	right bool // numbers stand at the right
	flex  bool // may be cut when the terminal is narrow
}

// minFlex is how narrow a flexible column may become.
const minFlex = 8

func (t *table) add(cells ...string) { t.rows = append(t.rows, tableRow{cells: cells}) }

// write prints the table, in at most width cells a line; 0 is no limit.
func (t *table) write(out io.Writer, st *style) error {
	widths := t.widths()
	if st.width > 0 {
		t.squeeze(widths, st.width)
	}
	w := bufio.NewWriter(out)
	heads := make([]string, len(t.cols))
	for i, c := range t.cols {
		heads[i] = c.head
	}
	_, _ = w.WriteString(st.bold(st.glyphs.Text(t.line(heads, widths, st.width))) + "\n")
	for _, row := range t.rows {
		line := st.glyphs.Text(t.line(row.cells, widths, st.width))
		if row.strong {
			line = st.bold(line)
		}
		_, _ = w.WriteString(line + "\n")
	}
	return w.Flush()
}

// widths are what the widest cell of each column needs.
func (t *table) widths() []int {
	widths := make([]int, len(t.cols))
	for i, c := range t.cols {
		widths[i] = text.Width(c.head)
	}
	for _, row := range t.rows {
		for i, cell := range row.cells {
			widths[i] = max(widths[i], text.Width(cell))
		}
	}
	return widths
}

// squeeze narrows the flexible columns, the widest first, until the line fits or none can give more.
func (t *table) squeeze(widths []int, width int) {
	over := len(gap)*(len(widths)-1) - width
	for _, w := range widths {
		over += w
	}
	for ; over > 0; over-- {
		widest := -1
		for i, c := range t.cols {
			if c.flex && widths[i] > max(minFlex, text.Width(c.head)) && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		widths[widest]--
	}
}

// gap stands between two columns.
const gap = "  "

func (t *table) line(cells []string, widths []int, width int) string {
	var b strings.Builder
	for i, cell := range cells {
		if i > 0 {
			b.WriteString(gap)
		}
		if t.cols[i].flex {
			cell = text.Truncate(cell, widths[i])
		}
		if t.cols[i].right {
			cell = text.PadLeft(cell, widths[i])
		} else {
			cell = text.PadRight(cell, widths[i])
		}
		b.WriteString(cell)
	}
	line := strings.TrimRight(b.String(), " ")
	if width > 0 {
		line = text.Truncate(line, width)
	}
	return line
}
