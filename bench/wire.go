package main

import (
	"bytes"
	"context"
	"net"
	"slices"
	"sync"

	"github.com/go-sql-driver/mysql"
)

// wire is a network of the MySQL driver that sees what a client says to the server.
type wire struct {
	name string

	mutex sync.Mutex
	texts []string // of each command since take
}

// newWire registers a wire; name goes into a DSN in the place of tcp.
func newWire(name string) *wire {
	w := &wire{name: name}
	mysql.RegisterDialContext(name, func(ctx context.Context, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err != nil {
			return nil, err
		}
		return &tapped{conn, w}, nil
	})
	return w
}

// take returns the commands since the last take, one a round trip.
func (w *wire) take() []string {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	texts := w.texts
	w.texts = nil
	return texts
}

// commits counts the transactions of commands, those of single statements that write included.
func commits(texts []string) int {
	n := 0
	for _, text := range texts {
		switch word, _, _ := bytes.Cut(bytes.ToUpper([]byte(text)), []byte(" ")); {
		case bytes.HasSuffix([]byte(text), []byte("COMMIT")), slices.Contains([]string{"INSERT", "UPDATE", "DELETE", "REPLACE"}, string(word)):
			n++
		}
	}
	return n
}

type tapped struct {
	net.Conn
	wire *wire
}

// Commands that the server does not answer: COM_QUIT and COM_STMT_CLOSE.
const (
	comQuit      = 1
	comStmtClose = 25
)

// Write sees one packet: three bytes of length, a sequence number that is 0 for a command, the
// command's number, its text.
func (c *tapped) Write(packet []byte) (int, error) {
	if len(packet) >= 5 && packet[3] == 0 && packet[4] != comQuit && packet[4] != comStmtClose {
		c.wire.mutex.Lock()
		c.wire.texts = append(c.wire.texts, string(packet[5:]))
		c.wire.mutex.Unlock()
	}
	return c.Conn.Write(packet)
}
