package cli

import (
	"bufio"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"cutaway/inspect/caps"
	"cutaway/ui/text"
)

func newDecode(a *app) *cobra.Command {
	var json bool
	c := &cobra.Command{
		Use:   "decode MASK...",
		Short: "Say what the bits of capability masks mean",
		Long: "Say which capabilities a mask has, what each allows, and how the set differs from Docker's default:\n" +
			"+ stands before what goes beyond it, - before what is missing of it. A mask is hexadecimal, as in the\n" +
			"Cap lines of /proc/PID/status, with 0x or without.",
		Example: "  cutaway caps decode 00000000a80425fb\n  cutaway caps decode $(grep -h Cap /proc/self/status | cut -f2)",
		Args:    wantArgs(1, -1, "at least one mask such as 00000000a80425fb"),
		RunE: func(_ *cobra.Command, args []string) error {
			sets := make([]caps.Set, len(args))
			for i, arg := range args {
				set, err := caps.Parse(arg)
				if err != nil {
					return usageError{err}
				}
				sets[i] = set
			}
			if json {
				return decodeJSON(a, sets)
			}
			return decodeText(a, sets)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	c.Flags().BoolVar(&json, "json", false, "print JSON, which docs/json.md describes")
	return c
}

func decodeText(a *app, sets []caps.Set) error {
	w := bufio.NewWriter(a.out)
	d := decoder{w: w, st: a.style(), last: a.lastCap()}
	for i, set := range sets {
		if i > 0 {
			fmt.Fprintln(w)
		}
		d.decode(set)
	}
	return w.Flush()
}

// decoder prints masks.
type decoder struct {
	w    *bufio.Writer
	st   *style
	last caps.Cap
}

func (d decoder) decode(set caps.Set) {
	beyond, missing := caps.Diff(caps.DockerDefault, set)
	d.print("%s  %s\n", d.st.bold(set.Hex()), summary(set, d.last))
	for _, c := range set.Caps() {
		mark := " "
		if beyond.Has(c) {
			mark = "+"
		}
		d.line(mark, c)
	}
	if missing != 0 && set != 0 {
		d.print("missing of docker's default:\n")
		for _, c := range missing.Caps() {
			d.line("-", c)
		}
	}
}

// summary says how many capabilities there are, and what is known of the set.
func summary(set caps.Set, last caps.Cap) string {
	count := strconv.Itoa(set.Len()) + " capabilities"
	if set.Len() == 1 {
		count = "1 capability"
	}
	if known := caps.Summary(set, last); known != count {
		return count + ": " + known
	}
	return count
}

func (d decoder) print(format string, args ...any) {
	_, _ = d.w.WriteString(d.st.glyphs.Text(fmt.Sprintf(format, args...)))
}

// capNameWidth fits the longest name, cap_checkpoint_restore.
const capNameWidth = 22

func (d decoder) line(mark string, c caps.Cap) {
	lead := fmt.Sprintf("%s %2d  %s  ", mark, c, text.PadRight(capName(c), capNameWidth))
	allows := caps.Describe(c).Allows
	if c > d.last {
		allows = fmt.Sprintf("Above this kernel's last capability, %d (cap_last_cap): it allows nothing here.", d.last)
	}
	d.print("%s%s\n", lead, d.st.wrap(allows, text.Width(lead)))
}

// capName is the name, or the number with cap_ in front for a capability that has none yet.
func capName(c caps.Cap) string {
	if c.Known() {
		return c.String()
	}
	return "cap_" + c.String()
}

func decodeJSON(a *app, sets []caps.Set) error {
	j := newJSONWriter(a.out)
	last := a.lastCap()
	return j.document(func() {
		j.key("cap_last_cap").int(int(last))
		j.key("masks").openArray()
		for _, set := range sets {
			j.elem()
			j.decoded(set, last)
		}
		j.closeArray()
	})
}

// decoded writes one mask with what its bits mean.
func (j *jsonWriter) decoded(set caps.Set, last caps.Cap) {
	beyond, missing := caps.Diff(caps.DockerDefault, set)
	j.open()
	j.key("mask").mask(uint64(set))
	j.key("summary").string(caps.Summary(set, last))
	j.key("capabilities").openArray()
	for _, c := range set.Caps() {
		d := caps.Describe(c)
		j.elem().open()
		j.key("bit").int(int(c))
		j.key("name").string(capName(c))
		j.key("allows").string(d.Allows)
		j.key("in_container").string(d.InContainer)
		j.key("risk").string(d.Risk.String())
		j.key("host_only").bool(d.HostOnly)
		j.key("above_last").bool(c > last)
		j.close()
	}
	j.closeArray()
	j.capNames("beyond_docker_default", beyond)
	j.capNames("missing_of_docker_default", missing)
	j.close()
}

// capNames writes an array of capability names.
func (j *jsonWriter) capNames(key string, set caps.Set) {
	j.key(key).openArray()
	for _, c := range set.Caps() {
		j.elem().string(capName(c))
	}
	j.closeArray()
}
