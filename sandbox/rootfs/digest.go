package rootfs

import (
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
)

// digest is "sha256:" and 64 hexadecimal digits, as OCI writes it (image-spec, descriptor.md).
type digest string

const algorithm = "sha256:"

// parseDigest refuses everything that is not a digest, so that one can be used as a file name.
func parseDigest(s string) (digest, error) {
	hexed, ok := strings.CutPrefix(s, algorithm)
	if !ok {
		return "", fmt.Errorf("%s is not a digest of the kind that is supported, sha256", show(s))
	}
	if b, err := hex.DecodeString(hexed); err != nil || len(b) != 32 || strings.ToLower(hexed) != hexed {
		return "", fmt.Errorf("%s is not a digest", show(s))
	}
	return digest(s), nil
}

func sum(h hash.Hash) digest { return digest(fmt.Sprintf("%s%x", algorithm, h.Sum(nil))) }

func (d digest) hex() string { return strings.TrimPrefix(string(d), algorithm) }

// show quotes a name out of an archive for a message: nothing in it can reach a terminal as it is, and it is not long.
func show(name string) string {
	const most = 200
	if len(name) > most {
		return fmt.Sprintf("%q...", name[:most])
	}
	return fmt.Sprintf("%q", name)
}
