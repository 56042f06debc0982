package rootfs

import "fmt"

// LimitError says that an archive holds more than Limits allow.
type LimitError struct {
	What  string // what there is too much of
	Limit int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s: the limit is %d; raise it if you trust the archive", e.What, e.Limit)
}

// budget is what is left of the Limits. All layers of an image share one.
type budget struct {
	limits  Limits
	bytes   int64 // of files
	plain   int64 // that came out of decompressing; read and written by the goroutine that decompresses
	entries int
}

// file takes the size of a file, as its header says it: nothing has been written yet.
func (b *budget) file(size int64) error {
	if size < 0 {
		return fmt.Errorf("the size %d is not a size", size)
	}
	if size > b.limits.Bytes-b.bytes {
		return &LimitError{"too many bytes in all files", b.limits.Bytes}
	}
	b.bytes += size
	return nil
}

func (b *budget) entry(name string) error {
	if b.entries++; b.entries > b.limits.Entries {
		return &LimitError{"too many entries", int64(b.limits.Entries)}
	}
	return b.length(len(name))
}

func (b *budget) length(n int) error {
	if n > b.limits.PathLen {
		return &LimitError{"too long a path", int64(b.limits.PathLen)}
	}
	return nil
}

func (b *budget) depth(n int) error {
	if n > b.limits.Depth {
		return &LimitError{"directories too deep in each other", int64(b.limits.Depth)}
	}
	return nil
}

// ratioFrom is how much must have come out of decompressing before the ratio counts: small files may be all zeros.
const ratioFrom = 64 << 20

// stream takes n more bytes that came out of decompressing a stream, of which out came in all out of in.
func (b *budget) stream(n int, in, out int64) error {
	b.plain += int64(n)
	// Headers and padding come on top of the files.
	if overhead := 2048 * min(int64(b.limits.Entries), 1<<40); b.plain-overhead > b.limits.Bytes {
		return &LimitError{"too many bytes uncompressed", b.limits.Bytes}
	}
	if out > ratioFrom && out/b.limits.Ratio > in {
		return &LimitError{"compressed too well to be honest (bytes out of each byte)", b.limits.Ratio}
	}
	return nil
}
