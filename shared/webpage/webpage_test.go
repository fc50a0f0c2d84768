package webpage

import (
	"strings"
	"testing"

	"maragu.dev/gomponents"
	"maragu.dev/gomponents/html"
)

// What a page shows stays text: in its title, in its content, and in attributes.
func TestPagesAreEscaped(t *testing.T) {
	t.Parallel()
	const hostile = `"><script>alert(1)</script>`
	page := string(Page("zh-CN", hostile, html.P(html.Class(hostile), gomponents.Text(hostile))))
	if strings.Contains(page, "<script") || strings.Count(page, "&lt;script&gt;") != 3 {
		t.Error(page)
	}
	if !strings.HasPrefix(page, `<!doctype html><html lang="zh-CN">`) || !strings.Contains(page, `href="/assets/gateway.css"`) {
		t.Error(page)
	}
}
