package record

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
)

// limits are what a file may hold at most.
type limits struct {
	line  int   // bytes
	text  int64 // bytes uncompressed
	room  int64 // bytes of memory that its values take
	procs int
	// ratio is how many bytes may come out of each, once ratioFrom have: small files may compress very well.
	ratio, ratioFrom int64
}

// most is far beyond honest files: a machine with 32,000 processes takes 400 MB of text.
var most = limits{line: 64 << 20, text: 1 << 30, room: 1 << 30, procs: 1 << 20, ratio: 1000, ratioFrom: 64 << 20}

// The ways in which a file is no snapshot, or none for this cutaway. Their texts follow a file's name.
var (
	errNone  = errors.New("is no snapshot of cutaway: `cutaway snapshot -o FILE` takes one")
	errCut   = errors.New("is cut short: its end is missing; copy it again, or take another snapshot")
	errBomb  = errors.New("holds more than cutaway reads of a snapshot: it is not from cutaway, or of far too large a machine")
	errNewer = errors.New("update cutaway here, or take it again with this version there")
)

// ReadFile reads the record in a file.
func ReadFile(name string) (*Record, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read the snapshot: %w", err)
	}
	defer f.Close()
	return Read(f, name)
}

// Read reads a record. name says in errors what is read.
func Read(from io.Reader, name string) (*Record, error) {
	r, err := read(from, most)
	if err != nil {
		return nil, fmt.Errorf("%s %w", name, err)
	}
	return r, nil
}

func read(from io.Reader, most limits) (*Record, error) {
	in := &counter{r: from}
	z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(2*window))
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	defer z.Close()
	return readText(&bounded{most: most, in: in, z: z}, most)
}

// readText reads what was compressed.
func readText(text io.Reader, most limits) (*Record, error) {
	lines := bufio.NewScanner(text)
	lines.Split(wholeLine)
	lines.Buffer(make([]byte, 0, min(64<<10, most.line)), most.line)
	room := most.room
	a := newAssembler(most.procs)
	for n := 0; lines.Scan(); n++ {
		var l line
		err := parse(lines.Bytes(), &l, &room)
		if n == 0 {
			if err := checkHeader(l.Header, err); err != nil {
				return nil, err
			}
			a.header = *l.Header
			continue
		}
		if err == nil {
			err = a.take(&l, n)
		}
		if err != nil {
			return nil, explain(err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, explainStream(err, a.header.Version > 0)
	}
	if !a.ended {
		if a.header.Version == 0 {
			return nil, errNone
		}
		return nil, errCut
	}
	r, err := a.record()
	if err != nil {
		return nil, explain(err)
	}
	return r, nil
}

// wholeLine splits off lines that have an end: what is before a cut is no line.
func wholeLine(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if end := bytes.IndexByte(data, '\n'); end >= 0 {
		return end + 1, data[:end], nil
	}
	if atEOF {
		return len(data), nil, nil
	}
	return 0, nil, nil
}

// checkHeader holds that the first line is that of a snapshot of this version or an older one.
func checkHeader(h *Header, err error) error {
	switch {
	case err != nil || h == nil || h.Format != format || h.Version < 1:
		return errNone
	case h.Version > version:
		return fmt.Errorf("is a snapshot of format %d by cutaway %s, and this cutaway reads up to %d: %w", h.Version, h.Cutaway, version, errNewer)
	}
	return nil
}

// explain says what to do about a file that does not hold together.
func explain(err error) error {
	if errors.Is(err, errRoom) {
		return errBomb
	}
	return fmt.Errorf("cannot be read: %w; take another snapshot", err)
}

// explainStream is explain for an error below the lines.
func explainStream(err error, begun bool) error {
	switch {
	case errors.Is(err, zstd.ErrMagicMismatch) && !begun:
		return errNone
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errCut
	case errors.Is(err, bufio.ErrTooLong), errors.Is(err, errBomb), errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return errBomb
	}
	var path *os.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("cannot be read: %w", err)
	}
	return fmt.Errorf("cannot be read: it is damaged (%w); take another snapshot", err)
}

// counter counts the compressed bytes.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

// bounded ends what comes out of decompressing when it is more than a snapshot may be.
type bounded struct {
	most limits
	in   *counter
	z    io.Reader
	out  int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.z.Read(p)
	b.out += int64(n)
	if b.out > b.most.text || b.out > b.most.ratioFrom && b.out/b.most.ratio > b.in.n {
		return 0, errBomb
	}
	return n, err
}
