package proc

import (
	"iter"
	"strings"
)

// Overlay holds the layers of an overlay mount, see the kernel's Documentation/filesystems/overlayfs.rst. The paths are as
// they were given to mount(2): of the mounter's mount namespace, and possibly relative.
type Overlay struct {
	Lower []string // from the top down
	Data  []string // data-only lower layers
	Upper string   // empty for a read-only overlay
	Work  string
}

// Overlay reads the layers from the super options; ok is false when the mount is no overlay.
func (m *Mount) Overlay() (o Overlay, ok bool) {
	if m.FSType != "overlay" {
		return Overlay{}, false
	}
	for name, value := range m.superOptions() {
		switch name {
		case "lowerdir":
			o.Lower, o.Data = splitLayers(value)
		case "lowerdir+": // since Linux 6.7, one option for each layer and nothing escaped
			o.Lower = append(o.Lower, value)
		case "datadir+":
			o.Data = append(o.Data, value)
		case "upperdir":
			o.Upper = unescapeLayer(value)
		case "workdir":
			o.Work = unescapeLayer(value)
		}
	}
	return o, true
}

// SuperOption finds the value of a super option; a switch without a value has "". Of several with one name it gives the
// last.
func (m *Mount) SuperOption(name string) (value string, ok bool) {
	for n, v := range m.superOptions() {
		if n == name {
			value, ok = v, true
		}
	}
	return value, ok
}

// superOptions walks the options; the kernel escapes a comma within a value (seq_show_option in fs/seq_file.c).
func (m *Mount) superOptions() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for option := range strings.SplitSeq(m.SuperOptions, ",") {
			name, value, _ := strings.Cut(option, "=")
			if !yield(Unescape(name), Unescape(value)) {
				return
			}
		}
	}
}

// splitLayers splits the value of lowerdir at its colons; layers after a double colon hold data only.
func splitLayers(value string) (lower, data []string) {
	list := &lower
	for first := true; value != ""; first = false {
		end := layerEnd(value)
		if end > 0 {
			*list = append(*list, unescapeLayer(value[:end]))
		} else if !first {
			list = &data
		}
		value = strings.TrimPrefix(value[end:], ":")
	}
	return lower, data
}

// layerEnd is where the first layer ends: at a colon that no backslash escapes, or at the end.
func layerEnd(value string) int {
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case ':':
			return i
		case '\\':
			i++
		}
	}
	return len(value)
}

// layerEscapes are the characters that overlay's own options escape with a backslash, beneath the octal escapes.
var layerEscapes = strings.NewReplacer(`\:`, `:`, `\,`, `,`, `\\`, `\`)

func unescapeLayer(path string) string { return layerEscapes.Replace(path) }
