// Package launch makes a sandbox.Spec of a beginning and options, as a command line or a form gives them. The table of the
// options is one: `cutaway run` takes its flags from it, and the screen's form its rows. It changes nothing on the machine;
// it reads what a path of a root is, and the working directory and shell of the caller.
package launch
