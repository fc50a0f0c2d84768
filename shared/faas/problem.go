package faas

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"diom.io/workflow/shared/camunda"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/form"
)

// Failures that faas itself finds.
var (
	ErrNoRoute     = fault.New(fault.NotFound, "no_route", "There is no such route.")
	ErrForbidden   = fault.New(fault.Forbidden, "forbidden", "Your roles do not allow this.")
	ErrMaxInflight = fault.New(fault.Busy, "max_inflight", "Too many requests are being served. Try again shortly.").After(time.Second)
	ErrDeadline    = fault.New(fault.Unavailable, "deadline_exceeded", "The request took too long.").After(time.Second)
)

// errMethod is not a fault: 405 has no kind, since no use case fails in that way.
type errMethod struct{ allow string }

func (e errMethod) Error() string { return "method not allowed; allowed are " + e.allow }

// Problem is an error answer, application/problem+json (RFC 9457).
type Problem struct {
	Type       string         `json:"type"`
	Title      string         `json:"title"`
	Status     int            `json:"status"`
	Detail     string         `json:"detail,omitempty"`
	Instance   string         `json:"instance,omitempty"`
	Code       string         `json:"code"`
	TraceID    string         `json:"traceId,omitempty"`
	Errors     []fault.Detail `json:"errors,omitempty"`
	RetryAfter int            `json:"retryAfter,omitempty"` // seconds
}

// titles name the kinds in English and Chinese.
var titles = map[fault.Kind][2]string{
	fault.Internal:     {"Internal error", "内部错误"},
	fault.Malformed:    {"Malformed request", "请求格式错误"},
	fault.Unauthorized: {"Not signed in", "未登录或凭证无效"},
	fault.Forbidden:    {"Not allowed", "没有权限"},
	fault.NotFound:     {"Not found", "未找到"},
	fault.Conflict:     {"Conflict", "状态冲突"},
	fault.Stale:        {"Changed by someone else", "内容已被他人修改"},
	fault.TooLarge:     {"Too large", "内容过大"},
	fault.Invalid:      {"Invalid content", "内容校验未通过"},
	fault.Precondition: {"Precondition required", "缺少前置条件"},
	fault.Busy:         {"Too many requests", "请求过于频繁"},
	fault.Unavailable:  {"Temporarily unavailable", "服务暂时不可用"},
}

// problemOf describes err to a caller. What is not classified says nothing but the trace id.
func problemOf(err error, language int) Problem {
	var method errMethod
	if errors.As(err, &method) {
		return Problem{
			Type: "urn:diom:problem:method_not_allowed", Title: [2]string{"Method not allowed", "不支持该请求方法"}[language],
			Status: http.StatusMethodNotAllowed, Code: "method_not_allowed", Detail: [2]string{"Allowed are ", "允许的方法是 "}[language] + method.allow + [2]string{".", "。"}[language],
		}
	}
	f := fault.From(err)
	if f == nil {
		f = &fault.Error{Kind: fault.Internal, Code: "internal"}
	}
	p := Problem{
		Type: "urn:diom:problem:" + f.Code, Title: titles[f.Kind][language], Status: f.Kind.Status(),
		Code: f.Code, Detail: f.Explain(language == 1), Errors: f.Details,
	}
	if f.Kind == fault.Internal {
		p.Detail = [2]string{"Something went wrong. Give the trace id when you ask for help.", "系统出现错误，反馈时请附上 traceId。"}[language]
		p.Errors = nil
	}
	if language == 1 && errors.Is(f, form.ErrSubmission) {
		p.Detail, p.Errors = "表单内容校验未通过。", inChinese(f.Details)
	}
	if f.RetryAfter > 0 {
		p.RetryAfter = max(1, int((f.RetryAfter+time.Second-1)/time.Second))
	}
	return p
}

// inChinese are the details of a form in Chinese.
func inChinese(details []fault.Detail) []fault.Detail {
	list := slices.Clone(details)
	for n, d := range list {
		if text := form.Chinese(d.Code); text != "" {
			list[n].Detail = text
		}
	}
	return list
}

// deadline gives an unclassified time-out its meaning.
func deadline(err error) error {
	if fault.From(err) == nil && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)) {
		return errors.Join(ErrDeadline, err)
	}
	return err
}

// WellHeader is set in the answer of a function that is well, although it is 503: no breaker opens for it. The gateway keeps
// it for itself.
const WellHeader = "X-Diom-Well"

// WriteProblem answers a request with the problem document of err. It does not log.
func WriteProblem(w http.ResponseWriter, r *http.Request, err error, traceID string) {
	writeProblem(w, r, err, traceID, 0)
}

// writeProblem writes err; status, unless it is 0, replaces the status of err's kind.
func writeProblem(w http.ResponseWriter, r *http.Request, err error, traceID string, status int) {
	language := 0
	if preferChinese(r.Header.Get("Accept-Language")) {
		language = 1
	}
	p := problemOf(err, language)
	p.Instance, p.TraceID = r.URL.Path, traceID
	if status != 0 {
		p.Status = status
	}
	if fault.IsElsewhere(err) {
		w.Header().Set(WellHeader, "true")
	}
	if camunda.Speaks(r.URL.Path) {
		writeFailure(w, err, p)
		return
	}
	h := w.Header()
	h.Set("Content-Language", [2]string{"en", "zh-CN"}[language])
	h.Set("Cache-Control", "no-store")
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	var method errMethod
	if errors.As(err, &method) {
		h.Set("Allow", method.allow)
	}
	h.Set("Content-Type", "application/problem+json")
	if err := writeJSON(w, p.Status, p); err != nil {
		w.WriteHeader(p.Status)
	}
}

// preferChinese reads an Accept-Language header (RFC 9110 §12.5.4): the language of the highest
// weight, the first of equals, is Chinese.
func preferChinese(header string) bool {
	best, chinese := 0.0, false
	for part := range strings.SplitSeq(header, ",") {
		tag, parameters, _ := strings.Cut(strings.TrimSpace(part), ";")
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.TrimSpace(parameters), "q="); ok {
			weight, _ = strconv.ParseFloat(q, 64) // a malformed weight counts as 0
		}
		if tag != "" && weight > best {
			best = weight
			chinese = len(tag) >= 2 && strings.EqualFold(tag[:2], "zh") && (len(tag) == 2 || tag[2] == '-')
		}
	}
	return chinese
}
