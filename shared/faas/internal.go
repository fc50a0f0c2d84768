package faas

import "context"

// verify checks that another function signed the request: method, path, query and body.
func (e *endpoint) verify(ctx context.Context, r *Request) error {
	body, err := r.Body()
	if err != nil {
		return err
	}
	return e.app.Access.VerifyInternal(ctx, r.http.Header, r.http.Method, r.http.URL.RequestURI(), body)
}
