// Package godebug stands in for internal/godebug in what is built for the browser: nobody sets GODEBUG there, so that each
// setting has its default.
package godebug

// Setting is a setting of GODEBUG.
type Setting struct{ name string }

// New returns the setting with that name. One that is not documented begins with #.
func New(name string) *Setting { return &Setting{name} }

// Name returns its name, without a #.
func (s *Setting) Name() string {
	if s.Undocumented() {
		return s.name[1:]
	}
	return s.name
}

// Undocumented reports whether the name begins with #.
func (s *Setting) Undocumented() bool { return s.name != "" && s.name[0] == '#' }

// String returns it as GODEBUG would have it.
func (s *Setting) String() string { return s.Name() + "=" }

// Value returns "", which is the default.
func (s *Setting) Value() string { return "" }

// IncNonDefault does nothing: nothing differs from the default.
func (s *Setting) IncNonDefault() {}
