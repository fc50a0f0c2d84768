// Package bucket keeps objects in S3-compatible storage: Amazon S3, Alibaba Cloud OSS, MinIO, Versity, Ceph.
//
// Who operates the product says where the storage is; nothing that a user or a model writes gets into the
// address. So the storage may be internal, unlike what service tasks call. It is https, but on loopback; a
// redirect is never followed, and the proxies of the environment are not used: the requests carry the
// product's signature.
package bucket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/minio/minio-go/v7"

	"diom.io/workflow/shared/fault"
)

// ErrStorage: the storage has refused a request or given no answer.
var ErrStorage = fault.New(fault.Unavailable, "storage_unavailable", "The object storage does not answer, or refuses.").Elsewhere()

// partSize is what is kept in memory of an object whose size is not known before its end.
const partSize = 8 << 20

// Unknown is the size of an object that ends where its reader does.
const Unknown = -1

// Bucket is what lies under one address s3://bucket/prefix. The names of its objects are relative to that. It is
// safe for concurrent use.
type Bucket struct {
	client *minio.Client
	name   string
	prefix string // "" or with a slash at its end
}

// Item is one object of a list.
type Item struct {
	Name string
	Size int64
}

// String is the address of the bucket.
func (b *Bucket) String() string { return scheme + b.name + "/" + b.prefix }

// Put writes an object of size bytes, or Unknown. It is there when Put has returned nil, whole, and never in
// part: where content ends with an error nothing is written.
func (b *Bucket) Put(ctx context.Context, name string, content io.Reader, size int64) error {
	if size == Unknown { // most end soon: those are one request, not three
		var first bytes.Buffer
		n, err := io.CopyN(&first, content, partSize)
		switch {
		case errors.Is(err, io.EOF):
			size, content = n, &first
		case err != nil:
			return explain(name, err)
		default:
			content = io.MultiReader(&first, content)
		}
	}
	// MD5, as every storage knows it, and those that lock objects want it.
	_, err := b.client.PutObject(ctx, b.name, b.prefix+name, content, size,
		minio.PutObjectOptions{ContentType: "application/octet-stream", PartSize: partSize, NumThreads: 1, SendContentMd5: true})
	return explain(name, err)
}

// PutBytes writes an object.
func (b *Bucket) PutBytes(ctx context.Context, name string, content []byte) error {
	return b.Put(ctx, name, bytes.NewReader(content), int64(len(content)))
}

// Get opens an object, or returns fs.ErrNotExist. A reader that ends early ends with an error.
func (b *Bucket) Get(ctx context.Context, name string) (io.ReadCloser, error) {
	content, _, _, err := (minio.Core{Client: b.client}).GetObject(ctx, b.name, b.prefix+name, minio.GetObjectOptions{})
	if err != nil {
		return nil, explain(name, err)
	}
	return content, nil
}

// GetBytes reads an object of up to limit bytes, or returns fs.ErrNotExist.
func (b *Bucket) GetBytes(ctx context.Context, name string, limit int64) ([]byte, error) {
	r, err := b.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	content, err := io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return nil, explain(name, err)
	case int64(len(content)) > limit:
		return nil, fmt.Errorf("object %s: larger than %d bytes: %w", name, limit, ErrStorage)
	}
	return content, nil
}

// List returns the objects whose names begin so, in the order of their names.
func (b *Bucket) List(ctx context.Context, beginning string) ([]Item, error) {
	var list []Item
	for o := range b.client.ListObjectsIter(ctx, b.name, minio.ListObjectsOptions{Prefix: b.prefix + beginning, Recursive: true}) {
		if o.Err != nil {
			return nil, explain(beginning, o.Err)
		}
		if name := strings.TrimPrefix(o.Key, b.prefix); !strings.HasSuffix(name, "/") { // some show directories
			list = append(list, Item{Name: name, Size: o.Size})
		}
	}
	return list, explain(beginning, ctx.Err())
}

// Folders returns the first parts of the names that have several.
func (b *Bucket) Folders(ctx context.Context) ([]string, error) {
	var list []string
	for o := range b.client.ListObjectsIter(ctx, b.name, minio.ListObjectsOptions{Prefix: b.prefix}) {
		if o.Err != nil {
			return nil, explain("", o.Err)
		}
		if name, folder := strings.CutSuffix(strings.TrimPrefix(o.Key, b.prefix), "/"); folder {
			list = append(list, name)
		}
	}
	return list, explain("", ctx.Err())
}

// Remove deletes an object; one that is not there is deleted.
func (b *Bucket) Remove(ctx context.Context, name string) error {
	err := explain(name, b.client.RemoveObject(ctx, b.name, b.prefix+name, minio.RemoveObjectOptions{}))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// RemoveAll deletes the objects whose names begin so, and what was never written to its end of such.
func (b *Bucket) RemoveAll(ctx context.Context, beginning string) error {
	list, err := b.List(ctx, beginning)
	if err != nil {
		return err
	}
	for _, item := range list {
		if err := b.Remove(ctx, item.Name); err != nil {
			return err
		}
	}
	for upload := range b.client.ListIncompleteUploads(ctx, b.name, b.prefix+beginning, true) {
		if upload.Err != nil {
			return explain(beginning, upload.Err)
		}
		if err := b.client.RemoveIncompleteUpload(ctx, b.name, upload.Key); err != nil {
			return explain(beginning, err)
		}
	}
	return nil
}

// explain gives an error of the storage its meaning; what is said to callers holds neither address nor key.
func explain(name string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var answer minio.ErrorResponse
	if errors.As(err, &answer) {
		if answer.Code == minio.NoSuchKey {
			return fmt.Errorf("object %s: %w", name, fs.ErrNotExist)
		}
		return fmt.Errorf("object %s: %w (%s, status %d)", name, ErrStorage, answer.Code, answer.StatusCode)
	}
	return fmt.Errorf("object %s: %w (%w)", name, ErrStorage, err)
}
