package schedule

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// patternLetters are the letters of a pattern that stand for numbers.
const patternLetters = "yMdHmsS"

// ParsePattern reads a date by a pattern of Java's SimpleDateFormat, of which it knows the numbers y, M, d, H, m, s and
// S and texts in quotes. It is as lenient: the 32nd of a month is the first of the next, and what follows the date is
// not looked at.
func ParsePattern(pattern, text string, location *time.Location) (time.Time, error) {
	part := map[byte]int{'y': 1970, 'M': 1, 'd': 1}
	rest, left := text, pattern
	for left != "" {
		var err error
		n := len(left) - len(strings.TrimLeft(left, left[:1]))
		switch c := left[0]; {
		case c == '\'':
			quoted, _, _ := strings.Cut(left[1:], "'")
			rest, err = literal(rest, quoted)
			n = min(len(quoted)+2, len(left))
		case strings.IndexByte(patternLetters, c) >= 0:
			part[c], rest, err = digits(rest, left[:n], left[n:])
		default:
			rest, err = literal(rest, left[:n])
		}
		if err != nil {
			return time.Time{}, fmt.Errorf("%q is no date of the form %s", text, pattern)
		}
		left = left[n:]
	}
	at := time.Date(part['y'], time.Month(part['M']), part['d'], part['H'], part['m'], part['s'], part['S']*int(time.Millisecond), location)
	return at.UTC(), nil
}

func literal(text, wanted string) (string, error) {
	rest, found := strings.CutPrefix(text, wanted)
	if !found {
		return "", strconv.ErrSyntax
	}
	return rest, nil
}

// digits reads the number that letters stand for: as many digits as letters where another number follows at once. A
// year of two digits is of this century.
func digits(text, letters, following string) (int, string, error) {
	tight := following != "" && strings.IndexByte(patternLetters, following[0]) >= 0
	end := 0
	for end < len(text) && text[end] >= '0' && text[end] <= '9' && (!tight || end < len(letters)) {
		end++
	}
	if end == 0 || end > 9 {
		return 0, "", strconv.ErrSyntax
	}
	value, err := strconv.Atoi(text[:end])
	if letters == "yy" && value < 100 {
		value += 2000
	}
	return value, text[end:], err
}
