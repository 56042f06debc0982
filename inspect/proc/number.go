package proc

import (
	"bytes"
	"math"
)

// The walkers below take one value off the front of a line and give back the rest; ok is false when the text there is
// not such a value, or when it does not fit. They read bytes in place because the process table parses 2,000 files a scan.

// skipBlanks drops the spaces and tabs at the front.
func skipBlanks(b []byte) []byte {
	for i, c := range b {
		if c != ' ' && c != '\t' {
			return b[i:]
		}
	}
	return nil
}

// skipField drops the next blank-separated field.
func skipField(b []byte) []byte {
	b = skipBlanks(b)
	for i, c := range b {
		if c == ' ' || c == '\t' {
			return b[i:]
		}
	}
	return nil
}

// takeField takes the next blank-separated field; it is empty at the end of the line.
func takeField(b []byte) (field, rest []byte) {
	b = skipBlanks(b)
	rest = skipField(b)
	return b[:len(b)-len(rest)], rest
}

// takeUint takes a decimal number after blanks. It must end at a blank or at the end of the line.
func takeUint(b []byte) (n uint64, rest []byte, ok bool) {
	field, rest := takeField(b)
	n, ok = parseUint(field)
	return n, rest, ok
}

// parseUint reads digits and nothing else.
func parseUint(digits []byte) (n uint64, ok bool) {
	if len(digits) == 0 {
		return 0, false
	}
	for _, c := range digits {
		d := uint64(c - '0')
		if d > 9 || n > math.MaxUint64/10 || n*10 > math.MaxUint64-d {
			return 0, false
		}
		n = n*10 + d
	}
	return n, true
}

// takeUint32 takes a number of 32 bits, such as a user id.
func takeUint32(b []byte) (n uint32, rest []byte, ok bool) {
	wide, rest, ok := takeUint(b)
	return uint32(wide), rest, ok && wide <= math.MaxUint32
}

// takeInt takes a number that the kernel keeps in a C int, with a minus sign where it is negative.
func takeInt(b []byte) (n int, rest []byte, ok bool) {
	field, rest := takeField(b)
	n, ok = parseInt(field)
	return n, rest, ok
}

// parseInt reads a C int.
func parseInt(digits []byte) (n int, ok bool) {
	wide, ok := parseInt64(digits)
	return int(wide), ok && wide >= math.MinInt32 && wide <= math.MaxInt32
}

// parseInt64 reads a number of 64 bits, with a minus sign where it is negative.
func parseInt64(digits []byte) (n int64, ok bool) {
	rest, negative := bytes.CutPrefix(digits, []byte{'-'})
	wide, ok := parseUint(rest)
	if !ok || wide > math.MaxInt64 {
		return 0, false
	}
	if negative {
		return -int64(wide), true
	}
	return int64(wide), true
}

// parseHex reads hexadecimal digits without a prefix and nothing else.
func parseHex(digits []byte) (n uint64, ok bool) {
	if len(digits) == 0 {
		return 0, false
	}
	for _, c := range digits {
		d, isHex := hexDigit(c)
		if !isHex || n > math.MaxUint64>>4 {
			return 0, false
		}
		n = n<<4 | uint64(d)
	}
	return n, true
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// parseOctal reads octal digits and nothing else, of 32 bits.
func parseOctal(digits []byte) (n uint32, ok bool) {
	if len(digits) == 0 {
		return 0, false
	}
	for _, c := range digits {
		d := uint32(c - '0')
		if d > 7 || n > math.MaxUint32>>3 {
			return 0, false
		}
		n = n<<3 | d
	}
	return n, true
}
