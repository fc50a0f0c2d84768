// Package excerpt bounds texts: those that others wrote and that a message quotes, and those that a column
// keeps. A character is never cut in its middle.
package excerpt

import "unicode/utf8"

const more = "…"

// Of returns a text, or its first n characters and a sign that there is more.
func Of(text string, n int) string {
	if short, cut := first(text, n); cut {
		return short + more
	}
	return text
}

// Fit returns a text of at most n characters; the last of them is the sign that there is more.
func Fit(text string, n int) string {
	if _, cut := first(text, n); !cut {
		return text
	}
	short, _ := first(text, n-1)
	return short + more
}

// Cut returns at most the first n characters of a text.
func Cut(text string, n int) string {
	short, _ := first(text, n)
	return short
}

// Bytes is Of with a bound in bytes.
func Bytes(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + more
}

// first returns the first n characters, and whether there are more.
func first(text string, n int) (string, bool) {
	if len(text) <= n {
		return text, false
	}
	for at := range text {
		if n == 0 {
			return text[:at], true
		}
		n--
	}
	return text, false
}
