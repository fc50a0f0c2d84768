package schedule

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParsePattern reads a date by a pattern of Java's SimpleDateFormat, of which it knows the numbers y, M, d, H, m, s and
// S and texts in quotes. It is as lenient: the 32nd of a month is the first of the next, and what follows the date is
// not looked at.
func ParsePattern(pattern, text string, location *time.Location) (time.Time, error) {
	part := map[byte]int{'y': 1970, 'M': 1, 'd': 1}
	rest := text
	for i := 0; i < len(pattern); {
		c, n := pattern[i], 1
		for i+n < len(pattern) && pattern[i+n] == c {
			n++
		}
		var err error
		switch {
		case c == '\'':
			end := strings.IndexByte(pattern[i+1:], '\'')
			if end < 0 {
				return time.Time{}, fmt.Errorf("the date pattern %q has an open quote", pattern)
			}
			rest, err = literal(rest, pattern[i+1:i+1+end])
			n = end + 2
		case strings.IndexByte("yMdHmsS", c) >= 0:
			tight := i+n < len(pattern) && strings.IndexByte("yMdHmsS", pattern[i+n]) >= 0
			part[c], rest, err = digits(rest, n, tight)
			if c == 'y' && n <= 2 && part[c] < 100 {
				part[c] += 2000
			}
		default:
			rest, err = literal(rest, pattern[i:i+n])
		}
		if err != nil {
			return time.Time{}, fmt.Errorf("%q is no date of the form %s", text, pattern)
		}
		i += n
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

// digits reads a number: of exactly n digits where another follows at once.
func digits(text string, n int, tight bool) (int, string, error) {
	end := 0
	for end < len(text) && text[end] >= '0' && text[end] <= '9' && (!tight || end < n) {
		end++
	}
	if end == 0 || end > 9 {
		return 0, "", strconv.ErrSyntax
	}
	value, err := strconv.Atoi(text[:end])
	return value, text[end:], err
}
