package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// module is what is of interest in a WebAssembly module.
type module struct {
	sections map[string]int    // bytes by name
	imported uint64            // functions, which have the first numbers
	code     []int             // bytes of each function that is not imported
	names    map[uint64]string // of functions, by number
}

var (
	errCutShort = errors.New("the module is cut short")
	known       = map[byte]string{1: "types", 2: "imports", 3: "functions", 4: "tables", 5: "memory", 6: "globals", 7: "exports", 8: "start", 9: "elements", 10: "code", 11: "data", 12: "data count"}
)

func parse(file []byte) (m *module, err error) {
	defer func() {
		if p := recover(); p == errCutShort {
			err = errCutShort
		} else if p != nil {
			panic(p)
		}
	}()
	rest, ok := bytes.CutPrefix(file, []byte("\x00asm\x01\x00\x00\x00"))
	if !ok {
		return nil, errors.New("it is no WebAssembly module of version 1")
	}
	m = &module{sections: map[string]int{}, names: map[uint64]string{}}
	r := &reader{rest}
	for len(r.rest) > 0 {
		id := r.byte()
		section := &reader{r.bytes(r.number())}
		size := len(section.rest)
		name := known[id]
		switch id {
		case 0:
			if name = string(section.bytes(section.number())); name == "name" {
				m.readNames(section)
			}
		case 2:
			if err := m.readImports(section); err != nil {
				return nil, err
			}
		case 10:
			for range section.number() {
				m.code = append(m.code, len(section.bytes(section.number())))
			}
		}
		m.sections[name] += size
	}
	if len(m.names) == 0 {
		return nil, errors.New("it has no names")
	}
	return m, nil
}

func (m *module) readImports(r *reader) error {
	for range r.number() {
		r.bytes(r.number())
		r.bytes(r.number())
		if kind := r.byte(); kind != 0 {
			return fmt.Errorf("an import of kind %d, expected functions alone", kind)
		}
		r.number()
		m.imported++
	}
	return nil
}

func (m *module) readNames(r *reader) {
	for len(r.rest) > 0 {
		id := r.byte()
		subsection := &reader{r.bytes(r.number())}
		if id != 1 { // of functions
			continue
		}
		for range subsection.number() {
			number := subsection.number()
			m.names[number] = string(subsection.bytes(subsection.number()))
		}
	}
}

// mangled is what the linker writes as "_" in names.
var mangled = regexp.MustCompile(`[^\w.]`)

// packages returns the bytes of code by Go package. Generic functions count for
// the package that they are written in.
func (m *module) packages(paths []string) map[string]int {
	byPrefix := map[string]string{"main": "package main"}
	for _, path := range paths {
		byPrefix[mangled.ReplaceAllLiteralString(path, "_")] = path
	}
	sizes := map[string]int{}
	for i, size := range m.code {
		sizes[packageOf(m.names[m.imported+uint64(i)], byPrefix)] += size
	}
	return sizes
}

func packageOf(name string, byPrefix map[string]string) string {
	name = strings.TrimPrefix(strings.TrimPrefix(name, "type_."), "eq.")
	for i, c := range name {
		if path := byPrefix[name[:i]]; c == '.' && path != "" {
			return path
		}
	}
	return "what the compiler and assembly added"
}

// reader reads what WebAssembly consists of; it panics with errCutShort at the end.
type reader struct{ rest []byte }

func (r *reader) byte() byte { return r.bytes(1)[0] }

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		panic(errCutShort)
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

// number reads an unsigned LEB128.
func (r *reader) number() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		panic(errCutShort)
	}
	r.rest = r.rest[size:]
	return n
}
