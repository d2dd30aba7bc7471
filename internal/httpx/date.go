package httpx

import (
	"strconv"
	"strings"
	"time"
)

// readDate reads a date as HTTP writes it: "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110). time.Parse would be
// 1 % of the module.
func readDate(s string) (date time.Time, ok bool) {
	const form, months = "Mon, 02 Jan 2006 15:04:05 GMT", "JanFebMarAprMayJunJulAugSepOctNovDec"
	if len(s) != len(form) || s[3:5] != ", " || s[25:] != " GMT" {
		return date, false
	}
	month := strings.Index(months, s[8:11])
	if month < 0 || month%3 != 0 {
		return date, false
	}
	var n [5]int // day, year, hour, minute, second
	for i, part := range []struct{ from, to, least, most int }{{5, 7, 1, 31}, {12, 16, 0, 9999}, {17, 19, 0, 23}, {20, 22, 0, 59}, {23, 25, 0, 60}} {
		v, err := strconv.ParseUint(s[part.from:part.to], 10, 16)
		if n[i] = int(v); err != nil || n[i] < part.least || n[i] > part.most {
			return date, false
		}
	}
	return time.Date(n[1], time.Month(1+month/3), n[0], n[2], n[3], n[4], 0, time.UTC), true
}
