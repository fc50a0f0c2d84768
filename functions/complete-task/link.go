package completetask

import (
	"context"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"maragu.dev/gomponents"
	"maragu.dev/gomponents/html"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/tasklink"
	"diom.io/workflow/shared/webpage"
)

const (
	formType = "application/x-www-form-urlencoded"
	maxForm  = 32 << 10
)

func linkRoutes() []faas.Route {
	const pattern = tasklink.Path + "{token}"
	return []faas.Route{
		{
			Method: http.MethodGet, Pattern: pattern, Summary: "Show what a link in a message would do; browsers get a page. It does nothing",
			Permission: access.Public, Answer: tasklink.View{}, Serve: showLink,
		},
		{
			Method: http.MethodPost, Pattern: pattern, Summary: "Complete the task of a link as its person, once",
			Permission: access.Public, Body: tasklink.Decision{}, Answer: tasklink.Done{}, MaxBody: maxForm, Serve: useLink,
		},
	}
}

func showLink(ctx context.Context, r *faas.Request) (any, error) {
	v, err := r.App.TaskLinks.Show(ctx, r.PathValue("token"))
	if err != nil {
		return nil, err
	}
	if strings.Contains(r.HTTP().Header.Get("Accept"), "text/html") {
		return shown(offer(v)), nil
	}
	return faas.Answer{Header: private(), Body: v}, nil
}

func useLink(ctx context.Context, r *faas.Request) (any, error) {
	d, form, err := decision(r)
	if err != nil {
		return nil, err
	}
	done, err := r.App.TaskLinks.Use(ctx, r.PathValue("token"), d)
	if err != nil {
		return nil, err
	}
	r.By(done.By)
	if form {
		return shown(thanks(done)), nil
	}
	return faas.Answer{Header: private(), Body: done}, nil
}

// decision reads the body: JSON, or what the page sends.
func decision(r *faas.Request) (d tasklink.Decision, form bool, err error) {
	kind, _, _ := mime.ParseMediaType(r.HTTP().Header.Get("Content-Type")) // what is malformed is taken for JSON, and refused
	if kind != formType {
		return d, false, r.Decode(&d)
	}
	body, err := r.Body()
	if err != nil {
		return d, true, err
	}
	fields, err := url.ParseQuery(string(body))
	if err != nil {
		return d, true, tasklink.ErrOutcome
	}
	return tasklink.Decision{Outcome: fields.Get("outcome"), Comment: fields.Get("comment")}, true, nil
}

// shown is a page about a link.
func shown(content []gomponents.Node) faas.Answer {
	h := private()
	h.Set("Content-Type", webpage.ContentType)
	return faas.Answer{Header: h, Body: webpage.Page("zh-CN", "DIOM Workflow", content...)}
}

// offer is what a link would do.
func offer(v tasklink.View) []gomponents.Node {
	buttons := gomponents.Map(v.Outcomes, func(outcome string) gomponents.Node {
		return html.Button(html.Type("submit"), html.Name("outcome"), html.Value(outcome), said(outcome, "同意 / Approve", "拒绝 / Reject", "完成 / Complete"))
	})
	return []gomponents.Node{
		html.H1(gomponents.Text(v.TaskName)),
		html.P(gomponents.Text(v.ProcessName + " · " + v.Username)),
		html.Form(html.Method("post"),
			html.P(html.Label(html.For("comment"), gomponents.Text("意见 / Comment"))),
			html.P(html.Textarea(html.ID("comment"), html.Name("comment"), html.Rows("4"), html.Cols("40"), html.MaxLength("4000"))),
			html.P(buttons),
		),
		html.P(html.Small(gomponents.Text("有效期至 / Valid until " + v.ExpiresAt.Format("2006-01-02 15:04 MST")))),
	}
}

// thanks is what a link has done.
func thanks(d tasklink.Done) []gomponents.Node {
	return []gomponents.Node{
		html.H1(gomponents.Text("已完成 / Done")),
		html.P(said(d.Outcome, "同意 / Approved", "拒绝 / Rejected", "任务已完成 / The task is completed")),
	}
}

func said(outcome, approved, rejected, other string) gomponents.Node {
	switch outcome {
	case "approve":
		return gomponents.Text(approved)
	case "reject":
		return gomponents.Text(rejected)
	}
	return gomponents.Text(other)
}

// private keeps the address of a link to itself: nobody stores the page, and no other page learns where it came from.
func private() http.Header {
	return http.Header{"Cache-Control": {"no-store"}, "Referrer-Policy": {"no-referrer"}, "X-Robots-Tag": {"noindex"}}
}
