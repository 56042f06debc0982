package seccomp

import (
	"runtime"
	"syscall"

	"cutaway/inspect/caps"
)

// Section is linux.seccomp of an OCI configuration (runtime-spec, config-linux.md).
type Section struct {
	DefaultAction   string   `json:"defaultAction"`
	DefaultErrnoRet uint     `json:"defaultErrnoRet"`
	Architectures   []string `json:"architectures"`
	Syscalls        []Rule   `json:"syscalls"`
}

// Rule says what happens to calls. Of several rules for one call, any may match.
type Rule struct {
	Names    []string `json:"names"`
	Action   string   `json:"action"`
	ErrnoRet *uint    `json:"errnoRet,omitempty"`
	Args     []Arg    `json:"args,omitempty"`
}

// Arg is a comparison of an argument. Ours are all SCMP_CMP_MASKED_EQ: the argument's bits of the mask Value are ValueTwo.
type Arg struct {
	Index    uint   `json:"index"`
	Value    uint64 `json:"value"`
	ValueTwo uint64 `json:"valueTwo"`
	Op       string `json:"op"`
}

// OCI is the same filter as Program's, as runc and crun read it; nil for Off. They make two things of it that differ: calls
// through x32 end the process, and of the numbers without a call only those above the profile's highest fail with ENOSYS,
// the others with EPERM.
func OCI(profile string, keep caps.Set) (*Section, error) {
	f, err := newFilter(profile, runtime.GOARCH, keep)
	if f == nil {
		return nil, err
	}
	through := Rule{Action: "SCMP_ACT_ALLOW"}
	absent := Rule{Action: "SCMP_ACT_ERRNO", ErrnoRet: new(uint(syscall.ENOSYS))}
	var checked []Rule
	for _, r := range f.rules {
		switch {
		case r.check != nil:
			checked = append(checked, r.check.oci()...)
		case r.errno == 0:
			through.Names = append(through.Names, r.call.name)
		case r.errno == syscall.ENOSYS:
			absent.Names = append(absent.Names, r.call.name)
		} // and EPERM is the default
	}
	return &Section{
		DefaultAction:   "SCMP_ACT_ERRNO",
		DefaultErrnoRet: uint(syscall.EPERM),
		Architectures:   []string{f.arch.oci},
		Syscalls:        append([]Rule{through, absent}, checked...),
	}, nil
}

// oci are the rules that let the call through.
func (c *check) oci() []Rule {
	var masks []masked
	if c.pass {
		for _, v := range c.values {
			masks = append(masks, masked{c.mask, v})
		}
	} else {
		masks = outside(c.values, 0, 32)
	}
	list := make([]Rule, len(masks))
	for i, m := range masks {
		list[i] = Rule{
			Names:  []string{c.call},
			Action: "SCMP_ACT_ALLOW",
			Args:   []Arg{{Index: uint(c.arg), Value: uint64(m.mask), ValueTwo: uint64(m.value), Op: "SCMP_CMP_MASKED_EQ"}},
		}
	}
	return list
}

// masked is the numbers whose bits of the mask are value.
type masked struct{ mask, value uint32 }

// outside is every number of 32 bits but the given values, which begin with the bits of prefix above the lowest n. It says
// "not equal" in the only way that OCI has for the low half of an argument: where the values end to have a bit in common,
// the other branch is outside.
func outside(values []uint32, prefix uint32, n int) []masked {
	if n == 0 {
		return nil
	}
	bit := uint32(1) << (n - 1)
	var list []masked
	for _, branch := range []uint32{prefix, prefix | bit} {
		var inside []uint32
		for _, v := range values {
			if v&bit == branch&bit {
				inside = append(inside, v)
			}
		}
		if inside == nil {
			list = append(list, masked{-bit, branch})
		} else {
			list = append(list, outside(inside, branch, n-1)...)
		}
	}
	return list
}
