package backup

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
)

// A row is written value by value: the length plus one as an unsigned varint, then the bytes; 0 is NULL.
func appendRow[T ~[]byte](to []byte, values []T) []byte {
	for _, v := range values {
		if v == nil {
			to = append(to, 0)
			continue
		}
		to = binary.AppendUvarint(to, uint64(len(v))+1)
		to = append(to, v...)
	}
	return to
}

var errRow = errors.New("a row is broken")

// rowReader reads rows of a fixed number of values.
type rowReader struct {
	source *bufio.Reader
	values [][]byte
	store  []bytes.Buffer
}

func newRowReader(source io.Reader, columns int) *rowReader {
	return &rowReader{source: bufio.NewReaderSize(source, buffer), values: make([][]byte, columns), store: make([]bytes.Buffer, columns)}
}

// next returns the values of the next row, which are overwritten by the one after it, or io.EOF.
func (r *rowReader) next() ([][]byte, error) {
	for i := range r.values {
		length, err := binary.ReadUvarint(r.source)
		switch {
		case errors.Is(err, io.EOF) && i == 0:
			return nil, io.EOF
		case errors.Is(err, io.EOF), err == nil && length > math.MaxInt64:
			return nil, errRow
		case err != nil:
			return nil, fmt.Errorf("%w: %w", errRow, err)
		case length == 0:
			r.values[i] = nil
			continue
		}
		// A length that lies allocates no more than there is.
		r.store[i].Reset()
		if _, err := io.CopyN(&r.store[i], r.source, int64(length-1)); err != nil {
			return nil, fmt.Errorf("%w: %w", errRow, err)
		}
		if r.values[i] = r.store[i].Bytes(); r.values[i] == nil {
			r.values[i] = []byte{}
		}
	}
	return r.values, nil
}

// sum adds up the SHA-256 of rows, in four numbers without carry: the order of the rows does not count, and
// equal rows do not cancel each other out.
type sum struct {
	rows    int64
	parts   [4]uint64
	scratch []byte
}

func (s *sum) add(row []byte) {
	h := sha256.Sum256(row)
	for i := range s.parts {
		s.parts[i] += binary.BigEndian.Uint64(h[8*i:])
	}
	s.rows++
}

// addValues adds the row that the values make.
func (s *sum) addValues(values [][]byte) {
	s.scratch = appendRow(s.scratch[:0], values)
	s.add(s.scratch)
}

// join adds the rows of another sum.
func (s *sum) join(other sum) {
	for i := range s.parts {
		s.parts[i] += other.parts[i]
	}
	s.rows += other.rows
}

func (s sum) String() string {
	var b [32]byte
	for i, p := range s.parts {
		binary.BigEndian.PutUint64(b[8*i:], p)
	}
	return hex.EncodeToString(b[:])
}
