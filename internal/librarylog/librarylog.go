// Package librarylog is where the libraries of the module print to: in its build, what
// they give to package log arrives here. See internal/cmd/overlay.
package librarylog

// Print is called with each line. It is set once, before anything is printed.
var Print = func(line string) {}
