package httpx

import "github.com/hack-pad/safejs"

// CanParseURL reports whether the browser takes s for an absolute URL.
func CanParseURL(s string) bool {
	constructor, err := safejs.Global().Get("URL")
	if err != nil || constructor.Type() != safejs.TypeFunction {
		return true // a request will tell
	}
	_, err = constructor.New(s)
	return err == nil
}
