// Package sandbox builds containers from what the kernel has: namespaces, a root of their own, cgroups, capabilities,
// seccomp. A Spec says everything about one; Presets fill it; Validate refuses what cannot hold together; Start launches it
// and reports each stage, and can be told to wait before each.
//
// It is the only part of cutaway that changes the system. It fails closed: a step that cannot be done ends the launch with
// the stage, the path, the errno and advice, and nothing stays behind. docs/sandbox.md states the threat model and draws the
// start sequence.
package sandbox
