package faas

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// place is one open array or object on the way to a value.
type place struct {
	key   string
	index int
	array bool
}

// walk reads the tokens of body and calls visit with the way to each value and key, until visit
// returns true or the JSON ends or is wrong. isKey says that the way's last name has just been read.
func walk(body []byte, visit func(way []place, end int64, isKey bool) bool) {
	d := json.NewDecoder(bytes.NewReader(body))
	var way []place
	expectKey := false
	for {
		token, err := d.Token()
		if err != nil {
			return
		}
		top := len(way) - 1
		delim, _ := token.(json.Delim)
		isKey := expectKey && delim != '}'
		switch {
		case isKey:
			way[top].key, _ = token.(string)
		case delim == '}' || delim == ']':
			way = way[:top]
		case top >= 0 && way[top].array:
			way[top].index++
		}
		if visit(way, d.InputOffset(), isKey) {
			return
		}
		if delim == '{' || delim == '[' {
			way = append(way, place{index: -1, array: delim == '['})
		}
		expectKey = len(way) > 0 && !way[len(way)-1].array && !isKey
	}
}

// pointerAt returns the pointer (RFC 6901) to the value that ends or begins at offset.
func pointerAt(body []byte, offset int64) string {
	var found string
	walk(body, func(way []place, end int64, isKey bool) bool {
		found = pointer(way)
		return !isKey && end >= offset
	})
	return found
}

// pointerTo returns the pointer to the first field called name.
func pointerTo(body []byte, name string) string {
	var found string
	walk(body, func(way []place, _ int64, isKey bool) bool {
		if isKey && way[len(way)-1].key == name {
			found = pointer(way)
			return true
		}
		return false
	})
	return found
}

func pointer(way []place) string {
	var b strings.Builder
	for _, p := range way {
		b.WriteByte('/')
		if p.array {
			b.WriteString(strconv.Itoa(max(p.index, 0)))
		} else {
			b.WriteString(pointerEscape(p.key))
		}
	}
	return b.String()
}

func pointerEscape(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
