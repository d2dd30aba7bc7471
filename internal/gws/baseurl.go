package gws

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
)

// ParseBaseURL checks where the server is said to be: an absolute http or
// https URL, which may have a path. It returns it without trailing slashes.
// Errors do not quote it, since what is wrong may be a password in it.
func ParseBaseURL(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" {
		return "", errors.New(`not an absolute URL such as "https://gws.example.com"`)
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return "", errors.New("the scheme is not http or https")
	}
	if u.User != nil {
		return "", errors.New("a user name or password does not belong in the URL: pass an Authorization header")
	}
	if u.Hostname() == "" {
		return "", errors.New(`the URL has no host; expected one such as "https://gws.example.com"`)
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n > 65535 {
			return "", errors.New("the port is not a number up to 65535")
		}
	}
	if strings.ContainsAny(s, "?#") { // also an empty one, which url.Parse forgets
		return "", errors.New("the URL has a query or a fragment, expected neither")
	}
	return strings.TrimRight(u.String(), "/"), nil
}
