package dispatch

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"

	"diom.io/workflow/shared/egress"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/workflow"
)

const (
	maxResponse = 200 << 10 // bytes: what fits into a variable
	maxReplies  = 100       // headers of an answer that are kept
)

var (
	methods      = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead, http.MethodOptions}
	hopByHop     = []string{"Host", "Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "Te", "Trailer"}
	repeatedly   = []string{http.MethodPost, http.MethodPatch} // what is not the same when it is done twice
	errResponse  = errors.New("the response is larger than 200 KiB")
	errEncoding  = errors.New("the response is no text in an encoding that is known")
	errNoHeaders = errors.New("headers is not a map of names and values")
)

// connect is Camunda's http-connector: it makes the request of the variables url, method (GET), headers
// and payload, and sets statusCode, response and headers. Every answer is a success, whatever its
// status; a gateway behind the task can look at it.
func (d *Dispatcher) connect(ctx context.Context, job workflow.FetchedJob) outcome {
	request, err := connection(ctx, job)
	if err != nil {
		return refused("http-connector: %s", egress.Reason(err))
	}
	response, hold, err := d.call(d.following, request)
	switch {
	case hold > 0:
		return outcome{hold: hold}
	case err != nil:
		return unreached(request.URL.Host, err)
	}
	defer response.Body.Close()
	text, err := body(response)
	if errors.Is(err, errResponse) || errors.Is(err, errEncoding) {
		return refused("%s: %s", request.URL.Host, err.Error())
	}
	if err != nil {
		return unreached(request.URL.Host, err)
	}
	return outcome{result: workflow.JobResult{Variables: engine.Variables{
		"statusCode": int64(response.StatusCode), "response": text, "headers": replies(response.Header),
	}}}
}

// connection makes the request of a job.
func connection(ctx context.Context, job workflow.FetchedJob) (*http.Request, error) {
	in := inputs(job.Variables)
	address, err := egress.Parse(strings.TrimSpace(in.text("url")))
	if err != nil {
		return nil, err
	}
	method := strings.ToUpper(strings.TrimSpace(in.text("method")))
	if method == "" {
		method = http.MethodGet
	}
	if !slices.Contains(methods, method) {
		return nil, errors.New("the method is none of " + strings.Join(methods, ", "))
	}
	payload, isJSON, err := content(in.value("payload"))
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, method, address.String(), strings.NewReader(payload))
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", "diom-workflow")
	if isJSON {
		request.Header.Set("Content-Type", "application/json")
	}
	if slices.Contains(repeatedly, method) {
		request.Header.Set("Idempotency-Key", job.ID.String())
	}
	return request, dressed(request, in.value("headers"))
}

// content is a payload as it is sent: a text as it is, a map or a list as JSON.
func content(payload expr.Value) (text string, isJSON bool, err error) {
	switch v := payload.(type) {
	case nil:
		return "", false, nil
	case map[string]expr.Value, []expr.Value:
		raw, err := expr.Marshal(v)
		return string(raw), true, err
	}
	return expr.String(payload), false, nil
}

// dressed sets the headers that the variable names.
func dressed(request *http.Request, headers expr.Value) error {
	if headers == nil {
		return nil
	}
	list, ok := headers.(map[string]expr.Value)
	if !ok || len(list) > maxReplies {
		return errNoHeaders
	}
	for name, value := range list {
		text := ""
		if value != nil {
			text = expr.String(value)
		}
		if !headerName.MatchString(name) || strings.ContainsAny(text, "\r\n\x00") || slices.Contains(hopByHop, http.CanonicalHeaderKey(name)) {
			return errors.New("a header has a name or a value that cannot be sent")
		}
		request.Header.Set(name, text)
	}
	return nil
}

// body reads an answer as text, by the charset of its Content-Type.
func body(response *http.Response) (string, error) {
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxResponse+1))
	if err != nil {
		return "", err
	}
	if len(raw) > maxResponse {
		return "", errResponse
	}
	_, parameters, _ := mime.ParseMediaType(response.Header.Get("Content-Type")) // malformed: no charset
	if name := parameters["charset"]; name != "" {
		if encoding, err := htmlindex.Get(name); err == nil {
			if raw, err = encoding.NewDecoder().Bytes(raw); err != nil {
				return "", errEncoding
			}
		}
	}
	if !utf8.Valid(raw) {
		return "", errEncoding
	}
	return string(raw), nil
}

// replies are the headers of an answer; the values of one that is there several times are joined.
func replies(header http.Header) map[string]expr.Value {
	all := map[string]expr.Value{}
	for name, values := range header {
		if len(all) < maxReplies {
			all[name] = strings.ToValidUTF8(strings.Join(values, ", "), "\uFFFD")
		}
	}
	return all
}
