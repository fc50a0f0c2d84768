// Package webpage writes the few pages that the product serves beside its console: they have no scripts, and their style
// is the gateway's. They are made of calls, not of templates: a template finds fields and methods by their names at run
// time, for which the linker would have to keep every method of every library in a function's program.
package webpage

import (
	"bytes"

	"maragu.dev/gomponents"
	"maragu.dev/gomponents/html"
)

// ContentType is that of a page.
const ContentType = "text/html; charset=utf-8"

// Page returns a page in a language (BCP 47). What Text and attributes show is escaped.
func Page(language, title string, content ...gomponents.Node) []byte {
	page := html.Doctype(html.HTML(
		html.Lang(language),
		html.Head(
			html.Meta(html.Charset("utf-8")),
			html.Meta(html.Name("viewport"), html.Content("width=device-width, initial-scale=1")),
			html.TitleEl(gomponents.Text(title)),
			html.Link(html.Rel("stylesheet"), html.Href("/assets/gateway.css")),
		),
		html.Body(html.Main(content...)),
	))
	var b bytes.Buffer
	_ = page.Render(&b) // a buffer takes everything
	return b.Bytes()
}
