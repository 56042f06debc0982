package proc

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// samples returns a file of every recorded container that has it, by container.
func samples(t testing.TB, file string) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "*", file))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatalf("no sample has %s", file)
	}
	found := make(map[string][]byte, len(paths))
	for _, path := range paths {
		found[filepath.Base(filepath.Dir(path))] = readFile(t, path)
	}
	return found
}

// sample returns a file of one recorded container.
func sample(t testing.TB, container, file string) []byte {
	t.Helper()
	return readFile(t, filepath.Join("testdata", container, file))
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// seed gives a fuzz test every sample of a file and its hostile variants.
func seed(f *testing.F, file string, hostile ...string) {
	for _, b := range samples(f, file) {
		f.Add(b)
	}
	for _, s := range hostile {
		f.Add([]byte(s))
	}
}

// wantFormatError fails unless the error is nil or says that the text was not understood.
func wantFormatError(t *testing.T, err error) {
	t.Helper()
	if err != nil && !errors.Is(err, ErrFormat) {
		t.Errorf("the error does not wrap ErrFormat: %v", err)
	}
}
