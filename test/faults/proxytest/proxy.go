// Package proxytest stands between the product and those it asks on the wire, MySQL, Redis, HTTP and SMTP
// alike: it sees every request that a client sends, and breaks off where a test wants it to.
package proxytest

import (
	"errors"
	"net"
	"os"
	"sync"
	"testing"
	"time"
)

// quiet is how long a server must have said nothing for its reply to be whole.
const quiet = 30 * time.Millisecond

// Fate is what becomes of a request.
type Fate int

// The fates.
const (
	Pass   Fate = iota // forwarded; the reply goes back
	Drop               // not forwarded; both connections end
	Lose               // forwarded; once the whole reply has come both connections end, and nobody hears it
	Refuse             // not done: the server answers with an error
)

// Proxy is a listener before one server. Its fields are set before the first connection.
type Proxy struct {
	Address string
	// Decide chooses the fate of each request. then, if it is not nil, is called before a dropped
	// request's connections end, once the reply to a lost one has come, or before another is forwarded.
	Decide func(request []byte) (fate Fate, then func())
	// Rewrite changes a request on its way; nil changes nothing.
	Rewrite func(request []byte) []byte

	protocol protocol
	target   string
	listener net.Listener
	mutex    sync.Mutex
	open     map[net.Conn]bool
	closed   bool
	serving  sync.WaitGroup
}

// MySQL returns a proxy before a MySQL server at target (host:port); Start begins its work.
func MySQL(target string) *Proxy {
	return &Proxy{protocol: mysql{}, target: target, open: map[net.Conn]bool{}}
}

// Redis returns a proxy before a Redis server at target (host:port); Start begins its work.
func Redis(target string) *Proxy {
	return &Proxy{protocol: resp{}, target: target, open: map[net.Conn]bool{}}
}

// HTTP returns a proxy before a server of HTTP/1.1 at target (host:port); Start begins its work.
func HTTP(target string) *Proxy {
	return &Proxy{protocol: web{}, target: target, open: map[net.Conn]bool{}}
}

// SMTP returns a proxy before a mail server at target (host:port); Start begins its work.
func SMTP(target string) *Proxy {
	return &Proxy{protocol: smtp{}, target: target, open: map[net.Conn]bool{}}
}

// Start listens at a free loopback address until the test ends.
func (p *Proxy) Start(t testing.TB) *Proxy {
	t.Helper()
	var err error
	if p.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	p.Address = p.listener.Addr().String()
	p.serving.Go(p.accept)
	t.Cleanup(func() {
		_ = p.listener.Close()
		p.Break()
		p.serving.Wait()
	})
	return p
}

// Break ends every connection; new ones are accepted.
func (p *Proxy) Break() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for conn := range p.open {
		_ = conn.Close()
	}
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			p.mutex.Lock()
			p.closed = true
			p.mutex.Unlock()
			p.Break()
			return
		}
		p.serving.Go(func() { p.serve(client) })
	}
}

func (p *Proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return // the client sees what it would see of a server that is not there
	}
	defer server.Close()
	if !p.enter(client, server) {
		return
	}
	defer p.leave(client, server)
	l := &link{proxy: p, client: client, server: server}
	var replies sync.WaitGroup
	replies.Go(l.replies)
	l.requests()
	replies.Wait()
}

func (p *Proxy) enter(connections ...net.Conn) bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, c := range connections {
		p.open[c] = true
	}
	return !p.closed
}

func (p *Proxy) leave(connections ...net.Conn) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, c := range connections {
		delete(p.open, c)
	}
}

// link is one client with its connection to the server.
type link struct {
	proxy          *Proxy
	client, server net.Conn
	mutex          sync.Mutex
	losing         bool
	then           func()
}

// requests forwards what the client sends, whole requests at a time.
func (l *link) requests() {
	defer l.close()
	var held []byte
	buffer := make([]byte, 64<<10)
	for {
		n, err := l.client.Read(buffer)
		held = append(held, buffer[:n]...)
		for {
			size := l.proxy.protocol.request(held)
			if size == 0 {
				break
			}
			if !l.forward(held[:size:size]) {
				return
			}
			held = held[size:]
		}
		if err != nil {
			return
		}
	}
}

// forward sends one request on, or not; false ends the link.
func (l *link) forward(request []byte) bool {
	text := l.proxy.protocol.text(request)
	fate, then := Pass, (func())(nil)
	if l.proxy.Decide != nil && text != nil {
		fate, then = l.proxy.Decide(text)
	}
	if l.proxy.Rewrite != nil && text != nil {
		request = l.proxy.protocol.with(request, l.proxy.Rewrite(text))
	}
	if fate == Lose {
		l.mutex.Lock()
		l.losing, l.then = true, then
		l.mutex.Unlock()
	} else if then != nil {
		then()
	}
	switch fate {
	case Drop:
		return false
	case Refuse:
		var answer []byte
		if request, answer = l.proxy.protocol.refused(request); answer != nil {
			_, err := l.client.Write(answer)
			return err == nil
		}
	}
	_, err := l.server.Write(request)
	return err == nil
}

// replies hands back what the server sends, until a reply is to be lost.
func (l *link) replies() {
	defer l.close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := l.server.Read(buffer)
		l.mutex.Lock()
		losing, then := l.losing, l.then
		l.mutex.Unlock()
		switch {
		case losing && n > 0:
			_ = l.server.SetReadDeadline(time.Now().Add(quiet)) // an open connection takes it
			continue
		case losing && errors.Is(err, os.ErrDeadlineExceeded):
			if then != nil {
				then()
			}
			return
		case n > 0:
			if _, failure := l.client.Write(buffer[:n]); failure != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (l *link) close() {
	_ = l.client.Close()
	_ = l.server.Close()
}
