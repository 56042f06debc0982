package vterm

// historyLines is how many lines that left the top of the screen are kept, as many as tmux keeps.
const historyLines = 2000

// history keeps the last lines that left the top of the main screen, compact: a cell of the emulator takes over 100
// bytes.
type history struct {
	ring  []Line // at most historyLines
	start int    // the oldest line's place in the ring, once that is full
	first int    // the oldest line's number: how many lines came before it
}

func (h *history) len() int { return len(h.ring) }

// end is the number that the next line will get.
func (h *history) end() int { return h.first + len(h.ring) }

func (h *history) push(l Line) {
	if len(h.ring) < historyLines {
		h.ring = append(h.ring, l)
		return
	}
	h.ring[h.start] = l
	h.start = (h.start + 1) % historyLines
	h.first++
}

// skip counts lines that come and go before anybody can see them, when as many follow as are kept.
func (h *history) skip(n int) {
	h.ring, h.start, h.first = h.ring[:0], 0, h.end()+n
}

// line is the ith line from the oldest.
func (h *history) line(i int) Line { return h.ring[(h.start+i)%len(h.ring)] }

// clear forgets all lines; numbers go on, so that none is given twice.
func (h *history) clear() {
	*h = history{first: h.end()}
}
