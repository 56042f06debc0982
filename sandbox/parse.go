package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// maxSpec bounds a Spec's file.
const maxSpec = 4 << 20

// Parse reads a Spec from JSON and validates it. A field that is missing has Default's value, and what JSON leaves out when
// it is empty is empty when it is missing: "limits": {} are no limits, and "namespaces": {"net": "host"} leaves all others
// new. A field that is not known, or is there twice, is an error, because a misspelt restriction would be none.
func Parse(r io.Reader) (*Spec, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxSpec+1))
	if err != nil {
		return nil, fmt.Errorf("read the spec: %w", err)
	}
	if len(b) > maxSpec {
		return nil, fmt.Errorf("the spec is longer than %d bytes", maxSpec)
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal(b, &given); err != nil {
		return nil, fmt.Errorf("read the spec: %w", place(err, b))
	}
	if given == nil {
		return nil, errors.New("read the spec: it is one object in braces, not null")
	}
	if err := checkFields(json.NewDecoder(bytes.NewReader(b)), reflect.TypeFor[Spec](), nil); err != nil {
		return nil, fmt.Errorf("read the spec: %w", err)
	}
	s := Default()
	clearOptional(reflect.ValueOf(&s).Elem(), given)
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("read the spec: %w", place(err, b))
	}
	if err := s.Validate(); err != nil {
		return nil, err
	}
	return &s, nil
}

// JSON is the Spec as Parse reads it, indented. Text that is not UTF-8 does not survive it.
func (s *Spec) JSON() []byte {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic(err) // its types have no value that JSON cannot hold, once it is valid
	}
	return append(b, '\n')
}

// clearOptional empties what JSON leaves out when it is empty, in a struct and in those of its structs that are given.
func clearOptional(v reflect.Value, given map[string]json.RawMessage) {
	for i := range v.NumField() {
		name, optional := jsonName(v.Type().Field(i))
		_, ok := given[name]
		switch {
		case optional, ok && v.Field(i).Kind() != reflect.Struct:
			v.Field(i).SetZero()
		case ok:
			clearOptional(v.Field(i), nil)
		}
	}
}

// jsonName is a field's name in JSON, and whether it is left out when it is empty.
func jsonName(f reflect.StructField) (name string, optional bool) {
	name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name, options == "omitempty"
}

// deepest is how deep a Spec's values lie, and more.
const deepest = 10

// checkFields reads one value and refuses fields that its type does not have, by their exact names: encoding/json takes
// "SECCOMP" for "seccomp", and of two it takes both, one over the other.
func checkFields(d *json.Decoder, t reflect.Type, at []string) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	if len(at) > deepest {
		return fmt.Errorf("the field %s holds too much", clip(strings.Join(at, ".")))
	}
	switch token {
	case json.Delim('{'):
		return checkObject(d, t, at)
	case json.Delim('['):
		for d.More() {
			if err := checkFields(d, elementOf(t, reflect.Slice), append(at, "[]")); err != nil {
				return err
			}
		}
		_, err = d.Token()
		return err
	}
	return nil
}

func checkObject(d *json.Decoder, t reflect.Type, at []string) error {
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		field := append(at, name)
		if seen[name] {
			return fmt.Errorf("the field %s is there twice", clip(strings.Join(field, ".")))
		}
		seen[name] = true
		inner := elementOf(t, reflect.Map)
		if t := elementOf(t, reflect.Struct); t != nil {
			names := namesOf(t)
			if inner = names[name]; inner == nil {
				return fmt.Errorf("unknown field %s; there are %s", clip(strings.Join(field, ".")), strings.Join(slices.Sorted(maps.Keys(names)), ", "))
			}
		}
		if err := checkFields(d, inner, field); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

// elementOf is what a container of a kind holds, a struct itself; nil for a type of another kind, which encoding/json
// complains of later.
func elementOf(t reflect.Type, kind reflect.Kind) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == nil || t.Kind() != kind:
		return nil
	case kind == reflect.Struct:
		return t
	}
	return t.Elem()
}

func namesOf(t reflect.Type) map[string]reflect.Type {
	names := map[string]reflect.Type{}
	for f := range t.Fields() {
		name, _ := jsonName(f)
		names[name] = f.Type
	}
	return names
}

// place says what encoding/json found wrong in the words of the file: the line, the field.
func place(err error, b []byte) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		line := 1 + bytes.Count(b[:min(int(syntax.Offset), len(b))], []byte("\n"))
		return fmt.Errorf("line %d: %w", line, err)
	case errors.As(err, &kind) && kind.Field == "":
		return fmt.Errorf("it is one object in braces, not a %s", kind.Value)
	case errors.As(err, &kind):
		return fmt.Errorf("the field %s cannot be a %s", clip(kind.Field), kind.Value)
	}
	return err
}
