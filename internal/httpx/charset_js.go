package httpx

import "github.com/hack-pad/safejs"

// decodeCharset decodes what the browser's TextDecoder knows.
func decodeCharset(charset string, body []byte) (decoded []byte, known bool) {
	text, err := decodeWith(charset, body)
	return []byte(text), err == nil
}

func decodeWith(charset string, body []byte) (string, error) {
	constructor, err := safejs.Global().Get("TextDecoder")
	if err != nil {
		return "", err
	}
	decoder, err := constructor.New(charset)
	if err != nil {
		return "", err
	}
	if constructor, err = safejs.Global().Get("Uint8Array"); err != nil {
		return "", err
	}
	array, err := constructor.New(len(body))
	if err != nil {
		return "", err
	}
	if _, err := safejs.CopyBytesToJS(array, body); err != nil {
		return "", err
	}
	text, err := decoder.Call("decode", array)
	if err != nil {
		return "", err
	}
	return text.String()
}
