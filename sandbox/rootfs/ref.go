package rootfs

import "strings"

// sameImage tells whether a user who says ref means the image of this name. Short names are Docker's; Podman keeps what
// it has built under localhost.
func sameImage(ref, name string) bool {
	full := fullName(name)
	return ref == name || full == fullName(ref) || full == fullName("localhost/"+ref)
}

// fullName completes a name as Docker does: busybox is docker.io/library/busybox:latest.
func fullName(ref string) string {
	host, rest, ok := strings.Cut(ref, "/")
	switch {
	case !ok:
		ref = "docker.io/library/" + ref
	case !strings.ContainsAny(host, ".:") && host != "localhost":
		ref = "docker.io/" + host + "/" + rest
	}
	if last := ref[strings.LastIndexByte(ref, '/'):]; !strings.ContainsAny(last, ":@") {
		ref += ":latest"
	}
	return ref
}
