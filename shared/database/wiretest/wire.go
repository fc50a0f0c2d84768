// Package wiretest stands between a test and MySQL on the wire: it counts round trips and commits,
// plants bugs by rewriting statements, and breaks connections at a chosen point.
package wiretest

import (
	"bytes"
	"context"
	"net"
	"sync"
)

// Wire is a dialer (Options.Dial of package database). Its fields are set before the first
// connection; a zero Wire only counts.
type Wire struct {
	// Rewrite changes the text of a statement before the server sees it.
	Rewrite func(text []byte) []byte
	// Cut is asked with the text of each statement; true closes the connection when the server's
	// reply to it has arrived, and the reply is lost.
	Cut func(text []byte) bool

	mutex   sync.Mutex
	trips   int
	commits int
	bytes   int
	texts   []string
}

// Counts are what crossed the wire.
type Counts struct {
	RoundTrips, Commits, Bytes int
	Texts                      []string
}

// Reset forgets what was counted.
func (w *Wire) Reset() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.trips, w.commits, w.bytes, w.texts = 0, 0, 0, nil
}

// Counts returns what was counted since Reset.
func (w *Wire) Counts() Counts {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return Counts{w.trips, w.commits, w.bytes, w.texts}
}

// Dial connects to a server through the wire.
func (w *Wire) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &wired{Conn: conn, wire: w}, nil
}

type wired struct {
	net.Conn
	wire *Wire
	cut  bool
}

const comQuery = 3

// Write sees one packet of the MySQL protocol: three bytes of length, a sequence number, the
// command.
func (c *wired) Write(packet []byte) (int, error) {
	if len(packet) < 5 || packet[3] != 0 || packet[4] != comQuery {
		return c.Conn.Write(packet)
	}
	text := packet[5:]
	c.wire.count(text)
	if c.wire.Cut != nil && c.wire.Cut(text) {
		c.cut = true
	}
	if c.wire.Rewrite == nil {
		return c.Conn.Write(packet)
	}
	text = c.wire.Rewrite(bytes.Clone(text))
	n := len(text) + 1
	changed := append([]byte{byte(n), byte(n >> 8), byte(n >> 16), 0, comQuery}, text...)
	if _, err := c.Conn.Write(changed); err != nil {
		return 0, err
	}
	return len(packet), nil
}

// Read loses the reply to a statement that Cut chose.
func (c *wired) Read(into []byte) (int, error) {
	n, err := c.Conn.Read(into)
	if c.cut {
		_ = c.Conn.Close()
		return 0, net.ErrClosed
	}
	return n, err
}

func (w *Wire) count(text []byte) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.trips++
	w.bytes += len(text)
	w.texts = append(w.texts, string(text))
	if bytes.HasSuffix(text, []byte("COMMIT")) {
		w.commits++
	}
}
