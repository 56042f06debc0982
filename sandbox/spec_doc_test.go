package sandbox

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// page is docs/sandbox.md.
func page(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../docs/sandbox.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// rows are the rows of the page's tables by their first cell, where that is `code`.
func rows(t *testing.T) (names []string, cells map[string][]string) {
	t.Helper()
	cells = map[string][]string{}
	_, fields, ok := strings.Cut(page(t), "## The fields of a Spec")
	if !ok {
		t.Fatal("docs/sandbox.md has no section of the fields")
	}
	fields, _, _ = strings.Cut(fields, "\n## ")
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|(.*)\\|(.*)\\|$").FindAllStringSubmatch(fields, -1) {
		names = append(names, m[1])
		cells[m[1]] = []string{strings.TrimSpace(m[2]), strings.TrimSpace(m[3])}
	}
	return names, cells
}

// fieldNames are the names of the values in a type's JSON, such as "limits.io[].device".
func fieldNames(of reflect.Type, prefix string) (names []string) {
	for i := range of.NumField() {
		f := of.Field(i)
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		name, kind := prefix+tag, f.Type
		for kind.Kind() == reflect.Pointer || kind.Kind() == reflect.Slice && kind.Elem().Kind() == reflect.Struct {
			if kind.Kind() == reflect.Slice {
				name += "[]"
			}
			kind = kind.Elem()
		}
		if kind.Kind() == reflect.Struct {
			names = append(names, fieldNames(kind, name+".")...)
		} else {
			names = append(names, name)
		}
	}
	return names
}

// Every field is in the table, in the Spec's order, and nothing else is.
func TestFieldsAreDocumented(t *testing.T) {
	names, _ := rows(t)
	want := fieldNames(reflect.TypeFor[Spec](), "")
	for _, name := range want {
		if !slices.Contains(names, name) {
			t.Errorf("docs/sandbox.md does not describe %s", name)
		}
	}
	if !t.Failed() && !slices.Equal(names, want) {
		t.Errorf("docs/sandbox.md has the fields %q, the Spec %q", names, want)
	}
}

// The last column is what the default has.
func TestDefaultsAreDocumented(t *testing.T) {
	var values map[string]any
	b, err := json.Marshal(Default())
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &values); err != nil {
		t.Fatal(err)
	}
	names, cells := rows(t)
	for _, name := range names {
		if name == "env.set" {
			continue // its own words
		}
		got := "none"
		if v, ok := lookUp(values, name); ok {
			text, _ := json.Marshal(v)
			got = "`" + string(text) + "`"
		}
		if want := cells[name][1]; got != want {
			t.Errorf("docs/sandbox.md says %s of %s, the default is %s", want, name, got)
		}
	}
}

// lookUp finds a value by its name; lists have none by default.
func lookUp(values map[string]any, name string) (any, bool) {
	first, rest, below := strings.Cut(name, ".")
	v, ok := values[first]
	if !ok || !below {
		return v, ok
	}
	inner, ok := v.(map[string]any)
	if !ok {
		return nil, false
	}
	return lookUp(inner, rest)
}

// Every value that a field can have is named in its row.
func TestValuesAreDocumented(t *testing.T) {
	of := map[string]string{
		"RootKind": "root.kind", "Switch": "root.switch", "MountKind": "mounts[].kind", "Proc": "proc", "Sys": "sys", "Dev": "dev",
		"Seccomp": "seccomp", "Terminal": "terminal", "Source": "namespaces.mnt",
	}
	_, cells := rows(t)
	found := map[string]bool{}
	for kind, value := range constants(t, "spec.go", "namespaces.go") {
		field, ok := of[kind]
		if !ok {
			continue
		}
		found[field] = true
		if !strings.Contains(cells[field][0], "`"+value+"`") {
			t.Errorf("docs/sandbox.md does not name %q, which %s can be", value, field)
		}
	}
	for kind, field := range of {
		if !found[field] {
			t.Errorf("no constant of %s was found", kind)
		}
	}
}

// Every preset and stage is on the page.
func TestPresetsAndStagesAreDocumented(t *testing.T) {
	text := page(t)
	for _, name := range PresetNames() {
		if !regexp.MustCompile("(?m)^\\| `" + name + "` \\|").MatchString(text) {
			t.Errorf("docs/sandbox.md does not say what the preset %s is a boundary against", name)
		}
	}
	_, sequence, _ := strings.Cut(text, "## A launch")
	sequence, _, _ = strings.Cut(sequence, "\n## ")
	var drawn, want []string
	for _, m := range regexp.MustCompile(`(?m)│ ([a-z_]+)(?:  |$)`).FindAllStringSubmatch(sequence, -1) {
		drawn = append(drawn, m[1])
	}
	for kind, stage := range constants(t, "stages.go") {
		if kind == "Stage" {
			want = append(want, stage)
		}
	}
	if len(want) == 0 || !slices.Equal(drawn, want) {
		t.Errorf("docs/sandbox.md draws the stages %q, they are %q", drawn, want)
	}
}

// constants goes through the string constants of some files, with the names of their types.
func constants(t *testing.T, files ...string) func(func(kind, value string) bool) {
	t.Helper()
	return func(yield func(kind, value string) bool) {
		for _, file := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, decl := range parsed.Decls {
				group, ok := decl.(*ast.GenDecl)
				if !ok || group.Tok != token.CONST {
					continue
				}
				for _, spec := range group.Specs {
					value, _ := spec.(*ast.ValueSpec)
					if len(value.Values) == 0 {
						continue
					}
					literal, ok := value.Values[0].(*ast.BasicLit)
					if !ok || literal.Kind != token.STRING {
						continue
					}
					text, err := strconv.Unquote(literal.Value)
					if err != nil {
						t.Fatal(err)
					}
					if !yield(fmt.Sprint(value.Type), text) {
						return
					}
				}
			}
		}
	}
}
