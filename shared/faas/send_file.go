package faas

import (
	"errors"
	"net/http"

	"diom.io/workflow/shared/tasklist"
)

// Chinese reports whether the caller rather reads Chinese than English (Accept-Language).
func (r *Request) Chinese() bool { return preferChinese(r.http.Header.Get("Accept-Language")) }

// SendFile answers with a file while it is made. What fails on the way breaks the answer off, so that nobody takes
// a part for the whole.
func SendFile(f *tasklist.File) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set(contentType, f.Format.Media())
		h.Set("Content-Disposition", `attachment; filename="`+f.Name+`"`)
		h.Set("Cache-Control", "no-store")
		if err := f.Write(r.Context(), w); err != nil && !errors.Is(err, r.Context().Err()) {
			panic(http.ErrAbortHandler)
		}
	})
}
