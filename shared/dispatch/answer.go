package dispatch

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"diom.io/workflow/shared/cloudevent"
)

const (
	maxPause   = 24 * 60 * 60 // seconds that a receiver may ask for
	maxDetails = 4 << 10      // bytes of an answer that are kept for the operator
)

// answered says what an answer to a push means. 202: the result comes later. Another 2xx: the body is the
// result, as JSON or as a CloudEvent. 400, 410, 413, 415, 422, and every 4xx with a problem document
// that has a code: the receiver will never take the job. All else may be better the next time.
func answered(host string, response *http.Response, body []byte) outcome {
	switch status := response.StatusCode; {
	case len(body) > maxAnswer:
		return refused("%s answered more than 1 MiB.", host)
	case status == http.StatusAccepted:
		return outcome{later: true}
	case status/100 == 2:
		return result(host, response.Header, body)
	default:
		return rejected(host, response, body)
	}
}

func result(host string, header http.Header, body []byte) outcome {
	if header.Get("Ce-Specversion") != "" || strings.HasPrefix(header.Get("Content-Type"), "application/cloudevents") {
		list, batch, err := cloudevent.Read(header, body)
		if err != nil || batch {
			return refused("%s answered with a CloudEvent that cannot be read.", host)
		}
		o := parsed(host, list[0].Data())
		if list[0].Type() == cloudevent.TypeJobFailed {
			o.result.Failed = true
		}
		return o
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return outcome{}
	}
	// Text is what a function that says nothing of its answer is taken to give.
	if kind, _, _ := mime.ParseMediaType(header.Get("Content-Type")); kind != "text/plain" && !cloudevent.IsJSON(kind) {
		return refused("%s answered %s where the result is JSON.", host, clip(kind))
	}
	return parsed(host, body)
}

// parsed reads a result. An unknown field is an error: it would be lost in silence.
func parsed(host string, raw []byte) outcome {
	var o outcome
	if len(bytes.TrimSpace(raw)) == 0 {
		return o
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&o.result); err != nil {
		return refused("The result of %s is not JSON of the form {variables, error, escalation}: %s.", host, strings.TrimPrefix(err.Error(), "json: "))
	}
	if decoder.More() {
		return refused("The result of %s is more than one JSON value.", host)
	}
	return o
}

func rejected(host string, response *http.Response, body []byte) outcome {
	status := response.StatusCode
	var problem struct{ Code, Title, Detail string }
	_ = json.Unmarshal(body, &problem) // what is no problem document says nothing
	text := strings.TrimSpace(strings.Join([]string{problem.Code, problem.Title, problem.Detail}, " "))
	o := failed("%s answered %d %s", host, status, text)
	o.result.Details = strings.ToValidUTF8(string(body[:min(len(body), maxDetails)]), "\uFFFD")
	switch {
	case final(status) || status/100 == 4 && problem.Code != "" && !passing(status):
		o.result.Retries = new(int)
	case response.Header.Get("Retry-After") != "":
		o.result.RetryAfterSeconds = pause(response.Header.Get("Retry-After"))
	}
	return o
}

// final are the statuses that say: never this job.
func final(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusGone, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// passing are those of 4xx that say: not now.
func passing(status int) bool {
	return status == http.StatusRequestTimeout || status == http.StatusTooEarly || status == http.StatusTooManyRequests
}

// pause reads Retry-After, seconds or a date (RFC 9110 §10.2.3); nil where it is neither.
func pause(text string) *int {
	n, err := strconv.Atoi(text)
	if err != nil {
		at, err := http.ParseTime(text)
		if err != nil {
			return nil
		}
		n = int(time.Until(at)/time.Second) + 1
	}
	n = min(max(n, 0), maxPause)
	return &n
}
