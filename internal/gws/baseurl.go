package gws

import (
	"errors"
	"strconv"
	"strings"
)

var errNotAbsolute = errors.New(`not an absolute URL such as "https://gws.example.com"`)

// ParseBaseURL checks where the server is said to be: an absolute http or
// https URL, which may have a path. It returns it without trailing slashes.
// Errors do not quote it, since what is wrong may be a password in it.
//
// Package net/url would do, but with net/netip, which it needs, it is 3 % of the module, and several
// milliseconds of its start.
func ParseBaseURL(s string) (string, error) {
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return "", errNotAbsolute
	}
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || !isScheme(scheme) {
		return "", errNotAbsolute
	}
	if scheme = strings.ToLower(scheme); scheme != "http" && scheme != "https" {
		return "", errors.New("it does not begin with http:// or https://")
	}
	if rest, ok = strings.CutPrefix(rest, "//"); !ok {
		return "", errors.New(`the URL has no host; expected one such as "https://gws.example.com"`)
	}
	authority, path := rest, ""
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority, path = rest[:end], rest[end:]
	}
	if strings.Contains(authority, "@") {
		return "", errors.New("a user name or password does not belong in the URL: pass an Authorization header")
	}
	if err := checkHost(authority); err != nil {
		return "", err
	}
	if strings.ContainsAny(path, "?#") {
		return "", errors.New("the URL has a query or a fragment, expected neither")
	}
	if _, ok := unescape(path); !ok {
		return "", errNotAbsolute
	}
	return scheme + "://" + authority + escapeAllBut(strings.TrimRight(path, "/"), inPath+"%"), nil
}

func isScheme(s string) bool {
	return s != "" && isLetter(s[0]) && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r < 0x80 && isLetter(byte(r)) || strings.ContainsRune("0123456789+-.", r))
	})
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// checkHost checks a name, an IPv4 address, or an IPv6 address in brackets, each with or without a port.
func checkHost(s string) error {
	host, port, _ := strings.Cut(s, ":")
	if inside, ok := strings.CutPrefix(s, "["); ok {
		inside, after, closed := strings.Cut(inside, "]")
		if !closed || strings.Trim(inside, "0123456789abcdefABCDEF:.") != "" || !strings.Contains(inside, ":") {
			return errNotAbsolute
		}
		if port, ok = strings.CutPrefix(after, ":"); !ok && after != "" {
			return errNotAbsolute
		}
	} else {
		if host == "" {
			return errors.New(`the URL has no host; expected one such as "https://gws.example.com"`)
		}
		if strings.ContainsAny(host, "\"%<>[]\\^`{|}") {
			return errNotAbsolute
		}
	}
	if strings.Trim(port, "0123456789") != "" {
		return errNotAbsolute
	}
	if n, err := strconv.Atoi(port); port != "" && (err != nil || n > 65535) {
		return errors.New("the port is not a number up to 65535")
	}
	return nil
}
