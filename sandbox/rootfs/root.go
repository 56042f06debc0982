package rootfs

import "os"

// Root is an unpacked root in the cache. It is shared: nobody may write to it.
type Root struct {
	// Dir is the root directory. It lies below a directory that only its owner may enter, so a process with other rights
	// needs it as a descriptor (O_PATH) that the owner opened.
	Dir string
	// Digest is "sha256:" and 64 hexadecimal digits: of a tar as it is stored, compressed or not; of an image's
	// configuration, which names its layers by their own digests and is what engines call the image's id.
	Digest string
	// Config is what an image says about running it; nil for a tar.
	Config *ImageConfig
	// Skipped is how many device files the archive has. They were not made.
	Skipped int

	held *os.File // its lock keeps the root from being removed
}

// Close gives up the lock that keeps the root in the cache. Dir may be removed any time from then on.
func (r *Root) Close() error { return r.held.Close() }

// ImageConfig is the part of an image's configuration that says how to run it (image-spec, config.md). It is the image's
// word: names and texts in it can hold anything.
type ImageConfig struct {
	User       string   `json:"User,omitempty"` // name or number, and :group
	Env        []string `json:"Env,omitempty"`  // NAME=value
	Entrypoint []string `json:"Entrypoint,omitempty"`
	Cmd        []string `json:"Cmd,omitempty"`
	WorkingDir string   `json:"WorkingDir,omitempty"`
}
