package completetask

import (
	"bytes"
	"context"
	"embed"
	"html/template"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/tasklink"
)

// pages are shown to who opens a link in a browser. They have no scripts, and their style is the gateway's.
//
//go:embed link.html
var pages embed.FS

var page = template.Must(template.ParseFS(pages, "link.html"))

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
		return rendered(shown{View: &v})
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
		return rendered(shown{Done: &done})
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

// shown is what the page shows: what a link would do, or what it has done.
type shown struct {
	View *tasklink.View
	Done *tasklink.Done
}

func rendered(s shown) (any, error) {
	var b bytes.Buffer
	if err := page.ExecuteTemplate(&b, "link.html", s); err != nil {
		return nil, err
	}
	h := private()
	h.Set("Content-Type", "text/html; charset=utf-8")
	return faas.Answer{Header: h, Body: b.Bytes()}, nil
}

// private keeps the address of a link to itself: nobody stores the page, and no other page learns where it came from.
func private() http.Header {
	return http.Header{"Cache-Control": {"no-store"}, "Referrer-Policy": {"no-referrer"}, "X-Robots-Tag": {"noindex"}}
}
