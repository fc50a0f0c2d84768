package config

import "strings"

// FunctionURLs returns the base URLs, without a final slash, by which the function called name is
// reached, in the order in which they are tried; none means in this process.
//
// Functions is a list separated by commas. An entry is either a template for every function,
//
//	http://{function}.diom.svc.cluster.local
//
// or the replicas of one function, for processes that differ by their ports:
//
//	tasks=http://127.0.0.1:9001|http://127.0.0.1:9002
//
// Entries that name the function come before templates.
func (c Config) FunctionURLs(name string) []string {
	var named, templates []string
	for entry := range strings.SplitSeq(c.Functions, ",") {
		entry = strings.TrimSpace(entry)
		function, urls, isNamed := strings.Cut(entry, "=")
		switch {
		case entry == "":
		case !isNamed || strings.Contains(function, ":"): // a template, perhaps with = in its query
			templates = append(templates, base(strings.ReplaceAll(entry, "{function}", name)))
		case strings.TrimSpace(function) == name:
			for url := range strings.SplitSeq(urls, "|") {
				named = append(named, base(url))
			}
		}
	}
	return append(named, templates...)
}

// TaskFunctionURL returns the URL of a function that is no one of the product's own; "" where no setting
// says it.
func (c Config) TaskFunctionURL(name string) string {
	if c.TaskFunctions != "" {
		return base(strings.ReplaceAll(c.TaskFunctions, "{function}", name))
	}
	for entry := range strings.SplitSeq(c.Functions, ",") {
		if strings.Contains(entry, "{function}") {
			return base(strings.ReplaceAll(entry, "{function}", name))
		}
	}
	return ""
}

func base(url string) string { return strings.TrimSuffix(strings.TrimSpace(url), "/") }
