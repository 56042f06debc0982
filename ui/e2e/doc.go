// Package e2e holds the tests of the whole program as a person uses it: the binary in tmux, keys in, the screen out, and
// beside it what the host's /proc and cgroups say about what was started. It has no code but tests.
package e2e
