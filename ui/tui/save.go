package tui

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// startSave asks where to write a script to.
func (s *sandboxScreen) startSave() {
	script := s.scriptInFront()
	content := script.text()
	s.input = &input{
		prompt: "write to", field: newTextField(script.fileName()),
		change: func(string) error { return nil },
		hint:   func() string { return "enter writes it, esc closes; a file that is there is not replaced" },
		done: func(path string) tea.Cmd {
			save, mode := s.hands.save, scriptMode(script.fileName())
			return work(func() (string, error) { return save(path, content, mode) }, func(where string, err error) action {
				if err != nil {
					return tell{bad, err.Error()}
				}
				return tell{good, "written to " + where}
			})
		},
	}
}

// scriptMode lets a script be executed.
func scriptMode(name string) os.FileMode {
	if strings.HasSuffix(name, ".sh") {
		return 0o755
	}
	return 0o644
}

// saveNew writes a file that is not there yet.
func saveNew(path, content string, mode os.FileMode) (where string, err error) {
	path = strings.TrimSpace(path)
	if path == "" {
		return "", errors.New("no name was given")
	}
	if path, err = filepath.Abs(expandHome(path)); err != nil {
		return "", fmt.Errorf("write it: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	switch {
	case errors.Is(err, os.ErrExist):
		return "", fmt.Errorf("%s is there already: give another name", path)
	case err != nil:
		return "", fmt.Errorf("write it: %w", err)
	}
	_, err = f.WriteString(content)
	if err := errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	return path, nil
}

// expandHome is a path with the home directory for a leading ~, as a shell has it.
func expandHome(path string) string {
	path = strings.TrimSpace(path)
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	return path
}
