package seccomp

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// golang.org/x/sys/unix has the numbers of every architecture in its source, made from the kernel's own tables.
func TestNumbersAgreeWithTheKernelsTables(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/sys").Output()
	if err != nil {
		t.Skipf("needs the go command and the module's source: %v", err)
	}
	for name, a := range arches {
		want := sourceNumbers(t, filepath.Join(strings.TrimSpace(string(dir)), "unix", "zsysnum_linux_"+name+".go"))
		if len(want) < 300 {
			t.Fatalf("%s: found %d calls only", name, len(want))
		}
		for i := range table {
			c := &table[i]
			number, ok := want[c.name]
			if !ok {
				number = none
			}
			if int(a.number(c)) != number {
				t.Errorf("%s: %s is %d in the table and %d there", name, c.name, a.number(c), number)
			}
			delete(want, c.name)
		}
		for call, number := range want {
			t.Errorf("%s: the table lacks %s, %d: add it to numbers.go and to a group", name, call, number)
		}
	}
}

var numberLine = regexp.MustCompile(`^\s*SYS_(\w+)\s*=\s*(\d+)`)

func sourceNumbers(t *testing.T, file string) map[string]int {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	numbers := map[string]int{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		m := numberLine.FindStringSubmatch(lines.Text())
		// The number from which each architecture may have calls of its own is none itself (asm-generic/unistd.h).
		if m == nil || m[1] == "ARCH_SPECIFIC_SYSCALL" {
			continue
		}
		if numbers[strings.ToLower(m[1])], err = strconv.Atoi(m[2]); err != nil {
			t.Fatal(err)
		}
	}
	return numbers
}

func TestEveryCallIsInOneGroup(t *testing.T) {
	in := map[string]string{}
	for _, g := range groups {
		if g.purpose == "" {
			t.Errorf("the group of %q has no purpose", g.calls)
		}
		for name := range strings.FieldsSeq(g.calls) {
			if in[name] != "" {
				t.Errorf("%s is in %q and in %q", name, in[name], g.purpose)
			}
			in[name] = g.purpose
		}
	}
	for i := range table {
		if in[table[i].name] == "" {
			t.Errorf("%s is in no group", table[i].name)
		}
		delete(in, table[i].name)
	}
	for name, purpose := range in {
		t.Errorf("%s of the group %q is not a call", name, purpose)
	}
	for _, c := range append(dockerChecks, strictChecks...) {
		if c.about == "" || len(c.values) == 0 || c.mask == 0 || c.arg > 5 {
			t.Errorf("the check of %s is not whole: %+v", c.call, c)
		}
		for _, v := range c.values {
			if v&^c.mask != 0 {
				t.Errorf("the check of %s compares with %#x, which its mask %#x cuts", c.call, v, c.mask)
			}
		}
	}
}
