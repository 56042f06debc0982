// Package spell tells how near a mistyped word is to a known one.
package spell
