//go:build !js

package httpx

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// windows1252 has the characters of the bytes 0x80 to 0x9f; those of all other bytes have their
// numbers. Browsers take ISO-8859-1 and ASCII for this one.
var windows1252 = []rune("€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ")

// decodeCharset decodes what servers write if it is not UTF-8.
func decodeCharset(charset string, body []byte) (decoded []byte, known bool) {
	switch charset {
	case "iso-8859-1", "iso8859-1", "latin1", "us-ascii", "ascii", "windows-1252", "cp1252":
		return decode1252(body), true
	case "utf-16", "utf-16le":
		return decode16(body, binary.LittleEndian), true
	case "utf-16be":
		return decode16(body, binary.BigEndian), true
	}
	return nil, false
}

func decode1252(body []byte) []byte {
	var b strings.Builder
	for _, c := range body {
		r := rune(c)
		if c >= 0x80 && c <= 0x9f {
			r = windows1252[c-0x80]
		}
		b.WriteRune(r)
	}
	return []byte(b.String())
}

func decode16(body []byte, order binary.ByteOrder) []byte {
	units := make([]uint16, 0, len(body)/2)
	for ; len(body) >= 2; body = body[2:] {
		units = append(units, order.Uint16(body))
	}
	if len(units) > 0 && units[0] == 0xfeff {
		units = units[1:]
	}
	return []byte(string(utf16.Decode(units)))
}
