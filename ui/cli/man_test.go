package cli

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The manual page in docs is the one that the commands make.
func TestManIsCurrent(t *testing.T) {
	var out bytes.Buffer
	if err := writeMan(&out, newRoot(&app{}, nil)); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("../../docs/cutaway.1", out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile("../../docs/cutaway.1")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(page, out.Bytes()) {
		t.Error("docs/cutaway.1 is not what `cutaway man` prints; `make docs` makes it anew")
	}
}

// groff has nothing to say about the page.
func TestManIsRoff(t *testing.T) {
	groff := tool(t, "groff", "groff-base")
	var page bytes.Buffer
	if err := writeMan(&page, newRoot(&app{}, nil)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(groff, "-man", "-ww", "-Tutf8")
	var complaints strings.Builder
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &page, io.Discard, &complaints
	if err := cmd.Run(); err != nil || complaints.Len() > 0 {
		t.Errorf("groff: %v %s", err, complaints.String())
	}
}
