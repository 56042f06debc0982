package rootfs

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// chunk is what is read at a time.
const chunk = 256 << 10

// plain is a stream without its compression, read ahead by a goroutine of its own.
type plain struct {
	*ahead
	decoder io.Closer
}

// openPlain tells the compression of a stream by its first bytes and takes it off. What was read is added to the hashes
// that are not nil: as it is stored, and as it is uncompressed. They are complete when Read has returned io.EOF and the
// stream is closed.
func openPlain(ctx context.Context, r io.Reader, b *budget, m *meter, stored, uncompressed hash.Hash) (*plain, error) {
	in := &input{ctx: ctx, r: r, meter: m}
	raw := io.Reader(in)
	if stored != nil {
		raw = io.TeeReader(raw, stored)
	}
	decoder, err := decode(bufio.NewReaderSize(raw, chunk))
	if err != nil {
		return nil, err
	}
	out := io.Reader(&guard{r: decoder, in: in, budget: b})
	if uncompressed != nil {
		out = io.TeeReader(out, uncompressed)
	}
	return &plain{readAhead(out), decoder}, nil
}

func (p *plain) Close() error {
	p.ahead.Close() // before the decoder: the goroutine reads from it
	return p.decoder.Close()
}

// decode takes the compression off that a stream's first bytes tell of.
func decode(r *bufio.Reader) (io.ReadCloser, error) {
	magic, err := r.Peek(6)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch compression(magic) {
	case "gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, fmt.Errorf("read the gzip header: %w", err)
		}
		return z, nil
	case "zstd":
		// zstd(1) refuses larger windows than 128 MiB too, unless told otherwise.
		z, err := zstd.NewReader(r, zstd.WithDecoderMaxWindow(128<<20), zstd.WithDecoderConcurrency(2))
		if err != nil {
			return nil, fmt.Errorf("read the zstd header: %w", err)
		}
		return z.IOReadCloser(), nil
	case "":
		return io.NopCloser(r), nil
	default:
		return nil, fmt.Errorf("compressed with %s, which is not supported: uncompress it, or use gzip or zstd", compression(magic))
	}
}

// compression names what a stream is compressed with, by its first six bytes; "" when it is not.
func compression(magic []byte) string {
	for _, c := range []struct{ magic, name string }{
		{"\x1f\x8b", "gzip"},
		{"\x28\xb5\x2f\xfd", "zstd"},
		{"\xfd7zXZ\x00", "xz"},
		{"BZh", "bzip2"},
		{"\x04\x22\x4d\x18", "lz4"},
		{"\x5d\x00\x00", "lzma"},
	} {
		if bytes.HasPrefix(magic, []byte(c.magic)) {
			return c.name
		}
	}
	// Frames that zstd skips begin with one of sixteen numbers (RFC 8878, 3.1.2); zstd:chunked and pzstd write them.
	if len(magic) >= 4 && magic[0]&0xf0 == 0x50 && bytes.HasPrefix(magic[1:], []byte("\x2a\x4d\x18")) {
		return "zstd"
	}
	return ""
}

// guard stops a stream that is larger uncompressed than the limits allow.
type guard struct {
	r      io.Reader
	in     *input
	budget *budget
	out    int64
}

func (g *guard) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	g.out += int64(n)
	if over := g.budget.stream(n, g.in.n.Load(), g.out); over != nil {
		return 0, over
	}
	return n, err
}
