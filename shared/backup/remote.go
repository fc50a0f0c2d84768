package backup

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"

	"diom.io/workflow/shared/bucket"
)

// remote is a place in S3-compatible storage. A folder is there as long as something is in it.
type remote struct{ *bucket.Bucket }

func (r remote) folders(ctx context.Context) ([]string, error) { return r.Folders(ctx) }

func (r remote) sizes(ctx context.Context, folder string) (map[string]int64, error) {
	list, err := r.List(ctx, folder+"/")
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fs.ErrNotExist
	}
	sizes := map[string]int64{}
	for _, item := range list {
		sizes[strings.TrimPrefix(item.Name, folder+"/")] = item.Size
	}
	return sizes, nil
}

func (remote) create(context.Context, string) error { return nil }

func (r remote) write(ctx context.Context, folder, name string) (file, error) {
	reader, writer := io.Pipe()
	u := &upload{PipeWriter: writer, done: make(chan error, 1)}
	go func() {
		err := r.Put(ctx, folder+"/"+name, reader, bucket.Unknown)
		_ = reader.CloseWithError(errors.Join(err, io.ErrClosedPipe)) // whoever still writes is told why not
		u.done <- err
	}()
	return u, nil
}

func (r remote) read(ctx context.Context, folder, name string) (io.ReadCloser, error) {
	return r.Get(ctx, folder+"/"+name)
}

func (r remote) publish(ctx context.Context, folder, name string, content []byte) error {
	return r.PutBytes(ctx, folder+"/"+name, content)
}

func (r remote) remove(ctx context.Context, folder, first string) error {
	if err := r.Remove(ctx, folder+"/"+first); err != nil {
		return err
	}
	return r.RemoveAll(ctx, folder+"/")
}

// upload is an object under way: it is there once commit has returned nil.
type upload struct {
	*io.PipeWriter
	done chan error
}

func (u *upload) commit() error { return errors.Join(u.Close(), <-u.done) }

var errDiscarded = errors.New("discarded")

func (u *upload) discard() {
	_ = u.CloseWithError(errDiscarded) // never fails (io.PipeWriter)
	<-u.done                           //nolint:errcheck // it has failed by that
}
