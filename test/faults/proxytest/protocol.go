package proxytest

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"slices"
	"strconv"
)

// protocol knows where a request ends and what it says.
type protocol interface {
	// request returns the length of the whole request that data begins with, 0 while it is not whole.
	request(data []byte) int
	// text returns what a request says; nil for one that no reply follows.
	text(request []byte) []byte
	// with returns the request with another text.
	with(request, text []byte) []byte
	// refused returns a request that the server answers with an error, and does nothing; or else the answer
	// of a server that does nothing.
	refused(request []byte) (instead, answer []byte)
}

// mysql is the client/server protocol: three bytes of length, a sequence number, the payload; the
// first byte of a command's payload is its kind.
type mysql struct{}

const (
	header  = 4
	comQuit = 1
)

func (mysql) request(data []byte) int {
	if len(data) < header {
		return 0
	}
	size := header + int(data[0]) + int(data[1])<<8 + int(data[2])<<16
	if len(data) < size {
		return 0
	}
	return size
}

func (mysql) text(request []byte) []byte {
	switch {
	case request[3] != 0: // part of a handshake
		return []byte("handshake")
	case len(request) <= header, request[header] == comQuit:
		return nil
	}
	return request[header+1:]
}

func (mysql) with(request, text []byte) []byte {
	if request[3] != 0 {
		return request
	}
	n := len(text) + 1
	return slices.Concat([]byte{byte(n), byte(n >> 8), byte(n >> 16), 0, request[header]}, text)
}

// lockWait is a statement that fails as one does which waits for a lock too long.
const lockWait = "SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1205, MESSAGE_TEXT = 'Lock wait timeout exceeded'"

func (p mysql) refused(request []byte) (instead, answer []byte) {
	if string(p.text(request)) == "COMMIT" { // what a server does not commit it rolls back
		return p.with(request, []byte("BEGIN NOT ATOMIC ROLLBACK; "+lockWait+"; END")), nil
	}
	return p.with(request, []byte(lockWait)), nil
}

// resp is Redis' protocol: an array of bulk strings.
type resp struct{}

func (resp) request(data []byte) int {
	count, at, ok := number(data, 0, '*')
	for ; ok && count > 0; count-- {
		var size int
		if size, at, ok = number(data, at, '$'); ok {
			at += size + len("\r\n")
		}
	}
	if !ok || at > len(data) {
		return 0
	}
	return at
}

// number reads a line at an offset: the mark, digits, CR LF. It returns the offset after it.
func number(data []byte, at int, mark byte) (value, next int, ok bool) {
	if at >= len(data) || data[at] != mark {
		return 0, 0, false
	}
	end := bytes.Index(data[at:], []byte("\r\n"))
	if end < 0 {
		return 0, 0, false
	}
	value, err := strconv.Atoi(string(data[at+1 : at+end]))
	return value, at + end + len("\r\n"), err == nil && value >= 0
}

func (resp) text(request []byte) []byte { return request }

func (resp) with(request, _ []byte) []byte { return request }

func (resp) refused([]byte) (instead, answer []byte) { return []byte("*1\r\n$6\r\nREFUSE\r\n"), nil }

// web is HTTP/1.1 without TLS.
type web struct{}

func (web) request(data []byte) int {
	rest := bytes.NewReader(data)
	reader := bufio.NewReader(rest)
	r, err := http.ReadRequest(reader)
	if err != nil {
		return 0
	}
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return 0
	}
	return len(data) - rest.Len() - reader.Buffered()
}

func (web) text(request []byte) []byte { return request }

func (web) with(request, _ []byte) []byte { return request }

// refused is what a platform says that has no process for a function.
func (web) refused([]byte) (instead, answer []byte) {
	return nil, []byte("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
}

// smtp is RFC 5321 without TLS: a line is a request. Those of a mail itself are none that anybody answers.
type smtp struct{}

// verbs begin the lines that are answered.
var verbs = []string{"EHLO", "HELO", "MAIL FROM:", "RCPT TO:", "DATA\r", "RSET\r", "NOOP\r", "QUIT\r"}

// MailEnds is the text of the line that ends a mail.
const MailEnds = "the mail ends"

func (smtp) request(data []byte) int { return bytes.IndexByte(data, '\n') + 1 }

func (smtp) text(request []byte) []byte {
	if string(request) == ".\r\n" {
		return []byte(MailEnds)
	}
	for _, verb := range verbs {
		if bytes.HasPrefix(request, []byte(verb)) {
			return request
		}
	}
	return nil
}

func (smtp) with(request, _ []byte) []byte { return request }

func (smtp) refused([]byte) (instead, answer []byte) { return nil, []byte("451 not now\r\n") }
