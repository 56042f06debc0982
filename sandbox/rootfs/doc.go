// Package rootfs makes root directories for sandboxes out of archives: a tar as `docker export` writes it, an OCI image
// layout (github.com/opencontainers/image-spec, image-layout.md), or what `docker save` writes. They are unpacked once into
// a cache, by their digest, and shared by all sandboxes that use them: a root is to be mounted read-only or below an overlay.
//
// Archives are hostile. Every name in one is resolved by the kernel as if the new root were the root of the file system
// (openat2(2), RESOLVE_IN_ROOT), so that neither names nor links lead out of it; sizes, entries, lengths, depths and
// compression ratios are bounded; what is read is compared with its digest; and a root appears in the cache whole, by a
// rename, or not at all.
//
// What is not taken over from an archive: device files (they are counted: a sandbox gets its own /dev), extended attributes
// (file capabilities, labels), and, unless asked for, set-user-ID and set-group-ID bits of files. A normal user owns all
// files of the roots that he unpacks.
//
// The cache directory, which nobody but its owner may write to, holds
//
//	roots/KEY/root        an unpacked root; KEY is the digest, and what else the files depend on (owners, set-user-ID)
//	roots/KEY/entry.json  what it was made from, and an image's configuration
//	work/KEY              a root that is being made; or the remains of one, which the next unpacking removes
//	digests/ID            the digest of an archive by its path, inode, size and times, so that it is not hashed again
//
// Whoever uses a root holds a shared lock on roots/KEY (flock(2)), whoever makes or removes one an exclusive lock. The
// kernel ends the locks with their processes.
package rootfs
