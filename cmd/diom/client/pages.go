package client

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
)

// maxPage is the longest page of the API.
const maxPage = 100

// showPages prints one page, as many things as --limit says, or with --all all of them, page by page.
func (in *invocation) showPages(ctx context.Context) error {
	query := url.Values{}
	if err := fill(in, in.fields, query, map[string]any{}); err != nil {
		return err
	}
	limit, err := in.cmd.Flags().GetInt("limit")
	if err != nil {
		return err
	}
	if limit < 0 || in.cmd.Flags().Changed("limit") && limit == 0 {
		return usagef("--limit is a number from 1")
	}
	p := newPrinter(in.cmd.OutOrStdout())
	for shown := 0; ; {
		if size := in.pageSize(limit - shown); size > 0 {
			query.Set("limit", strconv.Itoa(size))
		}
		page, err := in.page(ctx, query, p)
		if err != nil {
			return err
		}
		shown += page.count
		switch {
		case page.next == "":
			in.tellOfNone(shown)
			return nil
		case !in.is("all") && shown >= limit:
			in.note("%d shown, there are more: --limit %d, or --all", shown, 10*max(shown, 1))
			return nil
		}
		query.Set(page.parameter, page.next)
	}
}

// tellOfNone says where else to look, where a list that was asked for without flags is empty.
func (in *invocation) tellOfNone(shown int) {
	if shown == 0 && in.none != "" && in.cmd.Flags().NFlag() == 0 {
		in.note("%s", in.none)
	}
}

// pageSize is how many things to ask for, 0 for what the API gives by itself.
func (in *invocation) pageSize(left int) int {
	switch {
	case in.is("all"):
		return maxPage
	case left > 0:
		return min(left, maxPage)
	}
	return 0
}

// pageRead is what continues a list: the parameter that the next page is asked for by, with its value.
type pageRead struct {
	count           int
	parameter, next string
}

// page reads and prints one page.
func (in *invocation) page(ctx context.Context, query url.Values, p *printer) (pageRead, error) {
	a, err := in.ask(ctx, query, nil)
	if err != nil {
		return pageRead{}, err
	}
	var read struct {
		Items      []json.RawMessage `json:"items"`
		NextCursor string            `json:"nextCursor"`
		NextAfter  json.Number       `json:"nextAfter"` // of a history
	}
	if err := json.Unmarshal(a.body, &read); err != nil {
		return pageRead{}, err
	}
	page := pageRead{len(read.Items), "cursor", read.NextCursor}
	if read.NextAfter != "" {
		page = pageRead{len(read.Items), "after", read.NextAfter.String()}
	}
	if in.is("json") {
		return page, printRaw(in.cmd.OutOrStdout(), a.body)
	}
	document, err := decode(a.body)
	if err != nil {
		return page, err
	}
	return page, p.sections(document, in.view)
}
