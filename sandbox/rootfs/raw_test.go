package rootfs

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// rawTar is a tar of one empty file whose header was changed.
func rawTar(name string, change func(header []byte)) []byte {
	h := make([]byte, 512)
	copy(h, name)
	copy(h[100:], "0000644\x000000000\x000000000\x0000000000000\x0000000000000\x00")
	h[156] = '0'
	copy(h[257:], "ustar  \x00")
	change(h)
	copy(h[148:156], "        ")
	sum := 0
	for _, b := range h {
		sum += int(b)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	return append(h, make([]byte, 1024)...)
}

// sparseTar is a file that is nothing but a hole, as GNU tar writes it in its old format.
func sparseTar(name string, size int64) []byte {
	return rawTar(name, func(h []byte) {
		h[156] = 'S'
		size := fmt.Sprintf("%011o\x00", size)
		copy(h[386:], size+"00000000000\x00") // one piece without bytes, at the end
		copy(h[483:], size)
	})
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(data)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zstded(t testing.TB, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll(data, nil)
}
