// Command child is what the tests' launches re-execute: nothing but sandbox/stage, without cgo as cutaway is built, and
// without the race detector.
package main

import _ "cutaway/sandbox/stage"

func main() {}
