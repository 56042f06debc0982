// Package change holds what both faces say before and after they change the system through sandbox/control: what a target
// is called, whom a change concerns besides, and how the values of limits are written for a person. It changes nothing itself.
package change
