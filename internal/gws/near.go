package gws

import "strings"

// nearest returns the name that word is most likely a misspelling of, in
// whatever case, or "" if none is near.
func nearest(word string, names []string) string {
	const longest = 64 // nothing longer is near any name; it also bounds the work
	if len(word) > longest {
		return ""
	}
	best, limit := "", min(max(2*len(word)/5, 1), 5)
	for _, name := range names {
		if d := distance(word, name); d <= limit && (best == "" || d < limit) {
			best, limit = name, d
		}
	}
	return best
}

// Near returns the name that a wrong one was likely meant to be:
// misspelt, or with a word too few or too many ("campaign"), or "".
func Near(wrong string, names []string) string {
	if near := nearest(wrong, names); near != "" {
		return near
	}
	const shortest, longest = 4, 64
	if len(wrong) < shortest || len(wrong) > longest {
		return ""
	}
	lower, best := strings.ToLower(wrong), ""
	for _, name := range names {
		n := strings.ToLower(name)
		if (strings.Contains(n, lower) || strings.Contains(lower, n)) &&
			(best == "" || distance(wrong, name) < distance(wrong, best)) {
			best = name
		}
	}
	return best
}

// distance is how many bytes must be inserted, removed or replaced to make b
// from a, upper and lower case being the same (Levenshtein).
func distance(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
