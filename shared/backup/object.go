package backup

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"
)

const (
	buffer = 64 << 10
	// window bounds what compression needs, 1 MiB either way.
	window        = 1 << 20
	decoderMemory = 64 << 20
)

// writer writes one object: compressed, then encrypted, hashed as it reaches the file.
type writer struct {
	io.Writer // of raw bytes
	object    Object
	raw       *counter
	closers   []func() error // from the raw side to the file
	file      file
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// suffix is that of the names of objects.
func (v *Vault) suffix() string {
	if v.settings.Plain {
		return ".zst"
	}
	return ".zst.age"
}

func (v *Vault) newObject(ctx context.Context, backup, name string) (*writer, error) {
	w := &writer{object: Object{Name: name + v.suffix()}}
	var err error
	if w.file, err = v.place.write(ctx, backup, w.object.Name); err != nil {
		return nil, err
	}
	sum := sha256.New()
	stored := &counter{w: io.MultiWriter(w.file, sum)}
	buffered := bufio.NewWriterSize(stored, buffer)
	w.closers = []func() error{buffered.Flush, func() error {
		w.object.Bytes, w.object.SHA256 = stored.n, hex.EncodeToString(sum.Sum(nil))
		return nil
	}}
	var sink io.Writer = buffered
	if !v.settings.Plain {
		encrypted, err := age.Encrypt(buffered, v.keys.recipients...)
		if err != nil {
			w.file.discard()
			return nil, space(err)
		}
		sink, w.closers = encrypted, append([]func() error{encrypted.Close}, w.closers...)
	}
	compressed, err := zstd.NewWriter(sink, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window), zstd.WithLowerEncoderMem(true))
	if err != nil {
		w.file.discard()
		return nil, err
	}
	w.closers = append([]func() error{compressed.Close}, w.closers...)
	w.raw = &counter{w: compressed}
	w.Writer = w.raw
	return w, nil
}

// finish closes the object and returns what the manifest says of it.
func (w *writer) finish() (Object, error) {
	w.object.Raw = w.raw.n
	for _, c := range w.closers {
		if err := c(); err != nil {
			w.file.discard()
			return w.object, space(err)
		}
	}
	return w.object, space(w.file.commit())
}

// reader reads one object. Its bytes are to be believed only after finish: until then neither the size nor
// the checksum is known to be right.
type reader struct {
	io.Reader // of raw bytes
	object    Object
	blind     bool
	file      io.Closer
	stored    *counted
	sum       hash.Hash
	decoder   *zstd.Decoder
}

// counted counts what is read.
type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// openObject opens an object of a backup: ErrMissing, ErrNoKey, ErrWrongKey, ErrDamaged.
func (v *Vault) openObject(ctx context.Context, m Manifest, o Object) (*reader, error) {
	file, err := v.place.read(ctx, m.ID, o.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("object %s: %w", o.Name, ErrMissing)
	}
	if err != nil {
		return nil, err
	}
	r := &reader{object: o, file: file, sum: sha256.New(), blind: v.planted.noChecksum}
	r.stored = &counted{r: io.TeeReader(bufio.NewReaderSize(file, buffer), r.sum)}
	if err := v.decrypt(r, m.Encrypted); err != nil {
		return nil, errors.Join(r.verdict(err), file.Close())
	}
	return r, nil
}

func (v *Vault) decrypt(r *reader, encrypted bool) error {
	var source io.Reader = r.stored
	if encrypted {
		if len(v.keys.identities) == 0 {
			return ErrNoKey
		}
		plain, err := age.Decrypt(r.stored, v.keys.identities...)
		if err != nil {
			if no := new(age.NoIdentityMatchError); errors.As(err, &no) {
				return ErrWrongKey
			}
			return err
		}
		source = plain
	}
	decoder, err := zstd.NewReader(source, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(decoderMemory), zstd.WithDecoderLowmem(true))
	if err != nil {
		return err
	}
	// One byte more than there should be shows that there is more.
	r.decoder, r.Reader = decoder, io.LimitReader(decoder, r.object.Raw+1)
	return nil
}

// finish reads the object to its end, closes it, and judges it: cause is what went wrong while it was read,
// if anything.
func (r *reader) finish(cause error) error {
	if cause == nil {
		var n int64
		if n, cause = io.Copy(io.Discard, r); cause == nil && n > 0 {
			cause = fmt.Errorf("%d bytes too many", n)
		}
	}
	r.decoder.Close()
	return errors.Join(r.verdict(cause), r.file.Close())
}

// verdict says whether it is the file that is wrong: a damaged one fails in many ways on the way, the
// checksum tells.
func (r *reader) verdict(cause error) error {
	_, err := io.Copy(io.Discard, r.stored)
	if r.blind {
		return cause
	}
	switch sum := hex.EncodeToString(r.sum.Sum(nil)); {
	case err != nil:
		return fmt.Errorf("object %s: %w", r.object.Name, err)
	case r.stored.n != r.object.Bytes:
		return fmt.Errorf("object %s: %d bytes of %d: %w", r.object.Name, r.stored.n, r.object.Bytes, ErrDamaged)
	case sum != r.object.SHA256:
		return fmt.Errorf("object %s: its checksum is wrong: %w", r.object.Name, ErrDamaged)
	case cause != nil:
		return fmt.Errorf("object %s: %w", r.object.Name, cause)
	}
	return nil
}
