package expr

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxRun is how often a pattern letter may repeat.
const maxRun = 9

// letters are those of Joda's DateTimeFormat and of SimpleDateFormat that mean the same in both, but Y
// (the year, as in Joda) and X (an offset of ISO 8601, as in Java). Texts are English. n is how often
// the letter is repeated.
var letters = map[byte]func(t time.Time, n int) string{
	'y': year, 'Y': year,
	'M': func(t time.Time, n int) string { return name(t.Month().String(), int(t.Month()), n) },
	'd': func(t time.Time, n int) string { return padded(t.Day(), n) },
	'D': func(t time.Time, n int) string { return padded(t.YearDay(), n) },
	'H': func(t time.Time, n int) string { return padded(t.Hour(), n) },
	'h': func(t time.Time, n int) string { return padded((t.Hour()+11)%12+1, n) },
	'm': func(t time.Time, n int) string { return padded(t.Minute(), n) },
	's': func(t time.Time, n int) string { return padded(t.Second(), n) },
	'S': func(t time.Time, n int) string { return padded(t.Nanosecond(), 9)[:n] },
	'E': func(t time.Time, n int) string { return name(t.Weekday().String(), 0, max(n, 3)) },
	'a': func(t time.Time, _ int) string { return t.Format("PM") },
	'z': func(t time.Time, _ int) string { return t.Format("MST") },
	'Z': func(t time.Time, n int) string { return t.Format([]string{"-0700", "-07:00"}[min(n, 2)-1]) },
	'X': func(t time.Time, n int) string { return t.Format([]string{"Z07", "Z0700", "Z07:00"}[min(n, 3)-1]) },
}

func year(t time.Time, n int) string {
	if n == 2 {
		return padded(t.Year()%100, 2)
	}
	return padded(t.Year(), n)
}

// name shortens a name to three letters, unless there are more in the pattern; one or two ask for the
// number.
func name(full string, number, n int) string {
	switch {
	case n <= 2:
		return padded(number, n)
	case n == 3:
		return full[:3]
	}
	return full
}

func padded(number, width int) string {
	text := strconv.Itoa(number)
	return strings.Repeat("0", max(0, width-len(text))) + text
}

const asciiLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// format writes a date by a pattern: letters as above, text between quotes as it is, two quotes for
// one, and what is no ASCII letter as it is.
func format(v *evaluation, t time.Time, pattern string) (any, error) {
	var out strings.Builder
	for at := 0; at < len(pattern); {
		c := pattern[at]
		if c == '\'' {
			end, err := quoted(&out, pattern, at+1)
			if err != nil {
				return nil, err
			}
			at = end
			continue
		}
		n := len(pattern[at:]) - len(strings.TrimLeft(pattern[at:], string(rune(c))))
		if c >= utf8.RuneSelf {
			n = 1
		}
		write, known := letters[c]
		switch {
		case known && n <= maxRun:
			out.WriteString(write(t, n))
		case known || strings.ContainsRune(asciiLetters, rune(c)):
			return nil, failure(CodeBadPattern, "toString", "%s is not part of a date pattern", clip(pattern[at:at+n]))
		default:
			out.WriteString(pattern[at : at+n])
		}
		at += n
	}
	return v.made(out.String())
}

// quoted copies from behind a quote to the next single one, and returns where the pattern goes on.
func quoted(out *strings.Builder, pattern string, at int) (int, error) {
	if strings.HasPrefix(pattern[at:], "'") {
		out.WriteByte('\'')
		return at + 1, nil
	}
	for at < len(pattern) {
		switch {
		case pattern[at] != '\'':
			out.WriteByte(pattern[at])
			at++
		case strings.HasPrefix(pattern[at:], "''"):
			out.WriteByte('\'')
			at += 2
		default:
			return at + 1, nil
		}
	}
	return 0, failure(CodeBadPattern, "toString", "a quote in the date pattern is not closed")
}
