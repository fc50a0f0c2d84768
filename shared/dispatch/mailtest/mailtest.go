// Package mailtest is a mail server for tests: it takes mails by SMTP and keeps them.
package mailtest

import (
	"bufio"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Server is a mail server at a loopback address. Refuse, unless it is empty, is the code that it refuses
// recipients with. Its fields are not to be read or set while a mail is under way.
type Server struct {
	Address string
	Refuse  string
	Mails   []string   // as they came, headers and body
	To      [][]string // the recipients of each

	mutex sync.Mutex
}

// Listen starts a server, which ends with the test.
func Listen(t testing.TB) *Server {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Address: l.Addr().String()}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.talk(c)
		}
	}()
	return s
}

// Kept returns the mails so far; it may be called while others come.
func (s *Server) Kept() []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return slices.Clone(s.Mails)
}

// talk is one session (RFC 5321).
func (s *Server) talk(c net.Conn) {
	defer func() { _ = c.Close() }()
	in := bufio.NewReader(c)
	say := func(text string) { _, _ = io.WriteString(c, text+"\r\n") }
	say("220 sink")
	var to []string
	for {
		text, err := in.ReadString('\n')
		if err != nil {
			return
		}
		switch verb := strings.ToUpper(strings.TrimSpace(text)); {
		case strings.HasPrefix(verb, "EHLO"):
			say("250-sink\r\n250 8BITMIME")
		case strings.HasPrefix(verb, "RCPT") && s.Refuse != "":
			say(s.Refuse + " no")
		case strings.HasPrefix(verb, "RCPT"):
			to = append(to, strings.Trim(strings.TrimSpace(text)[len("RCPT TO:"):], "<>"))
			say("250 ok")
		case verb == "DATA":
			say("354 go on")
			if !s.keep(in, to) {
				return
			}
			say("250 ok")
		case verb == "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

// keep reads a mail; what ends before its end is none.
func (s *Server) keep(in *bufio.Reader, to []string) bool {
	var b strings.Builder
	for {
		text, err := in.ReadString('\n')
		if err != nil {
			return false
		}
		if text == ".\r\n" {
			break
		}
		b.WriteString(text)
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.Mails, s.To = append(s.Mails, b.String()), append(s.To, to)
	return true
}
