// Package export writes what a sandbox.Spec says in the words of other tools: as a shell script of unshare(1) and its kin, as
// command lines of bubblewrap, Docker and cutaway itself, and as an OCI configuration. Each tool lacks something that a Spec
// can say; what it lacks is told with the script, and never left out in silence.
//
// The scripts are for who asks for them, on this machine: they hold the maps of ids that a launch would choose, and the
// places of the caller's cgroups. Nothing is changed on the machine, and no value of the caller's environment is written
// down, but for the OCI configuration, which cannot name variables.
package export

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"cutaway/sandbox"
	"cutaway/sandbox/shell"
)

// Script is a text for a tool.
type Script struct {
	Text    string   // ends with a newline; what is missing stands in it as comments, where the form has comments
	Missing []string // what the tool cannot express, in a few words
}

// Tool is a form that a Spec can be written in.
type Tool struct {
	Name  string // "unshare"
	Title string // what the text is: "a script of unshare, mount and setpriv"
	Write func(*sandbox.Spec) (Script, error)
}

// Tools are the forms, the nearest to the kernel first.
func Tools() []Tool {
	return []Tool{
		{"unshare", "a shell script of unshare, mount and setpriv", Unshare},
		{"bwrap", "a command line of bubblewrap", Bwrap},
		{"docker", "a command line of docker run", Docker},
		{"oci", "a config.json for runc or crun", OCI},
		{"run", "a command line of cutaway run", CutawayRun},
		{"json", "the Spec itself", JSON},
	}
}

// Names are the names of the forms.
func Names() []string {
	var names []string
	for _, t := range Tools() {
		names = append(names, t.Name)
	}
	return names
}

// As writes a Spec in the form of a name.
func As(name string, s *sandbox.Spec) (Script, error) {
	for _, t := range Tools() {
		if t.Name == name {
			return t.Write(s)
		}
	}
	return Script{}, fmt.Errorf("%q is no form: say %s", name, strings.Join(Names(), ", "))
}

// JSON is the Spec as `cutaway run --spec` reads it.
func JSON(s *sandbox.Spec) (Script, error) {
	if err := s.Validate(); err != nil {
		return Script{}, err
	}
	var l lacks
	l.lackOfJSON(words(reflect.ValueOf(s)))
	return Script{Text: string(s.JSON()), Missing: l.missing}, nil
}

// lackOfJSON are words that JSON cannot hold, such as names of files that are no UTF-8.
func (l *lacks) lackOfJSON(words []string) {
	for _, word := range words {
		l.lackIf(!utf8.ValidString(word), "%s, which is no UTF-8", shell.Quote(word))
	}
}

// words are all texts in a value.
func words(v reflect.Value) (list []string) {
	switch v.Kind() {
	case reflect.String:
		return []string{v.String()}
	case reflect.Pointer:
		if !v.IsNil() {
			return words(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			list = append(list, words(v.Field(i))...)
		}
	case reflect.Slice:
		for i := range v.Len() {
			list = append(list, words(v.Index(i))...)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			list = append(list, words(key)...)
			list = append(list, words(v.MapIndex(key))...)
		}
		slices.Sort(list) // a map has no order
	}
	return list
}

// lacks collects what a tool lacks.
type lacks struct{ missing []string }

func (l *lacks) lack(format string, args ...any) {
	text := printable(fmt.Sprintf(format, args...))
	if !slices.Contains(l.missing, text) {
		l.missing = append(l.missing, text)
	}
}

// printable is a text without what would end a comment, or what a terminal would act on. Words of others are quoted besides.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, text)
}

// lackIf is lack on a condition.
func (l *lacks) lackIf(is bool, format string, args ...any) {
	if is {
		l.lack(format, args...)
	}
}

// comments are the lines of a shell script that say what is missing.
func (l *lacks) comments() string {
	var b strings.Builder
	for _, m := range l.missing {
		b.WriteString("# not expressible: " + m + "\n")
	}
	return b.String()
}
