// Package filter is the language in which people narrow the process table, on the screen and in `cutaway ps`: bare words
// match names, key:value terms and comparisons narrow, "!" negates, and all terms must hold.
//
// Parse compiles a query once. Match then runs for every process at every key press, so it allocates nothing. A value
// that could not be read is neither: its process is left out by a term and by the term's negation alike.
package filter
