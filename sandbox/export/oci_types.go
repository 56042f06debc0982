package export

import "cutaway/sandbox/seccomp"

// The configuration of a container as the Open Container Initiative's runtime specification has it (runtime-spec,
// config.md and config-linux.md), as far as a Spec needs it.
type (
	ociConfig struct {
		Version     string            `json:"ociVersion"`
		Process     ociProcess        `json:"process"`
		Root        ociRoot           `json:"root"`
		Hostname    string            `json:"hostname,omitempty"`
		Mounts      []ociMount        `json:"mounts"`
		Linux       ociLinux          `json:"linux"`
		Annotations map[string]string `json:"annotations,omitempty"`
	}
	ociProcess struct {
		Terminal     bool            `json:"terminal"`
		User         ociUser         `json:"user"`
		Args         []string        `json:"args"`
		Env          []string        `json:"env"`
		Cwd          string          `json:"cwd"`
		Capabilities ociCapabilities `json:"capabilities"`
		Rlimits      []ociRlimit     `json:"rlimits,omitempty"`
		NoNewPrivs   bool            `json:"noNewPrivileges"`
	}
	ociUser struct {
		UID    uint32   `json:"uid"`
		GID    uint32   `json:"gid"`
		Groups []uint32 `json:"additionalGids,omitempty"`
	}
	ociCapabilities struct {
		Bounding    []string `json:"bounding"`
		Effective   []string `json:"effective"`
		Inheritable []string `json:"inheritable"`
		Permitted   []string `json:"permitted"`
		Ambient     []string `json:"ambient"`
	}
	ociRlimit struct {
		Type string `json:"type"`
		Hard uint64 `json:"hard"`
		Soft uint64 `json:"soft"`
	}
	ociRoot struct {
		Path     string `json:"path"`
		ReadOnly bool   `json:"readonly"`
	}
	ociMount struct {
		Destination string   `json:"destination"`
		Type        string   `json:"type"`
		Source      string   `json:"source"`
		Options     []string `json:"options,omitempty"`
	}
	ociLinux struct {
		Namespaces    []ociNamespace       `json:"namespaces"`
		UIDMappings   []ociMapping         `json:"uidMappings,omitempty"`
		GIDMappings   []ociMapping         `json:"gidMappings,omitempty"`
		TimeOffsets   map[string]ociOffset `json:"timeOffsets,omitempty"`
		Resources     *ociResources        `json:"resources,omitempty"`
		Seccomp       *seccomp.Section     `json:"seccomp,omitempty"`
		Propagation   string               `json:"rootfsPropagation,omitempty"`
		MaskedPaths   []string             `json:"maskedPaths,omitempty"`
		ReadonlyPaths []string             `json:"readonlyPaths,omitempty"`
	}
	ociNamespace struct {
		Type string `json:"type"`
		Path string `json:"path,omitempty"`
	}
	ociMapping struct {
		Container uint32 `json:"containerID"`
		Host      uint32 `json:"hostID"`
		Size      uint32 `json:"size"`
	}
	ociOffset struct {
		Secs     int64  `json:"secs"`
		Nanosecs uint32 `json:"nanosecs"`
	}
	ociResources struct {
		Memory  *ociMemory  `json:"memory,omitempty"`
		CPU     *ociCPU     `json:"cpu,omitempty"`
		Pids    *ociPids    `json:"pids,omitempty"`
		BlockIO *ociBlockIO `json:"blockIO,omitempty"`
	}
	ociMemory struct {
		Limit *int64 `json:"limit,omitempty"`
		Swap  *int64 `json:"swap,omitempty"` // memory and swap together
	}
	ociCPU struct {
		Shares *uint64 `json:"shares,omitempty"`
		Quota  *int64  `json:"quota,omitempty"`
		Period *uint64 `json:"period,omitempty"`
		CPUs   string  `json:"cpus,omitempty"`
		Mems   string  `json:"mems,omitempty"`
	}
	ociPids struct {
		Limit int64 `json:"limit"`
	}
	ociBlockIO struct {
		ReadBPS   []ociThrottle `json:"throttleReadBpsDevice,omitempty"`
		WriteBPS  []ociThrottle `json:"throttleWriteBpsDevice,omitempty"`
		ReadIOPS  []ociThrottle `json:"throttleReadIOPSDevice,omitempty"`
		WriteIOPS []ociThrottle `json:"throttleWriteIOPSDevice,omitempty"`
	}
	ociThrottle struct {
		Major int64  `json:"major"`
		Minor int64  `json:"minor"`
		Rate  uint64 `json:"rate"`
	}
)
