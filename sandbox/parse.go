package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// maxSpec bounds a Spec's file.
const maxSpec = 4 << 20

// Parse reads a Spec from JSON and validates it. A field that is missing has Default's value; one that is not known is an
// error, because a misspelt restriction would be none.
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
		return nil, fmt.Errorf("read the spec: %w", err)
	}
	s := Default()
	s.clear(given)
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return nil, fmt.Errorf("read the spec: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("read the spec: something follows its end")
	}
	if err := s.Validate(); err != nil {
		return nil, err
	}
	return &s, nil
}

// clear empties the fields that are given: one that is given replaces the default as a whole, so that limits of {} are no
// limits.
func (s *Spec) clear(given map[string]json.RawMessage) {
	v := reflect.ValueOf(s).Elem()
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if _, ok := given[name]; ok {
			v.Field(i).SetZero()
		}
	}
}

// JSON is the Spec as Parse reads it, indented.
func (s *Spec) JSON() []byte {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic(err) // its types have no value that JSON cannot hold
	}
	return append(b, '\n')
}
