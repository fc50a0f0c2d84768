package backup

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// needed are the rights on the database without which the server would hide things, and a backup would be
// incomplete without a word: it lists only what an account has rights for.
var needed = []string{"SELECT", "SHOW VIEW", "TRIGGER", "EVENT", "EXECUTE"}

var grant = regexp.MustCompile("^GRANT (.+) ON (?:TABLE )?(\\*|`(?:[^`]|``)+`)\\.\\* TO ")

// checkRights returns ErrRights with what is missing.
func (s *server) checkRights(ctx context.Context, c *sql.Conn) error {
	grants, err := texts(ctx, c, "SHOW GRANTS")
	if err != nil {
		return err
	}
	held := map[string]bool{}
	for _, g := range grants {
		for _, right := range rightsOn(g[0], s.name) {
			held[right] = true
		}
	}
	missing := slices.DeleteFunc(slices.Clone(needed), func(right string) bool { return held[right] || held["ALL PRIVILEGES"] || held["ALL"] })
	if len(missing) > 0 {
		return fmt.Errorf("%w: %s on %s.*", ErrRights, strings.Join(missing, ", "), s.name)
	}
	return nil
}

// rightsOn returns what one line of SHOW GRANTS grants on a whole database.
func rightsOn(line, database string) []string {
	parts := grant.FindStringSubmatch(line)
	if parts == nil {
		return nil
	}
	if pattern := parts[2]; pattern != "*" {
		pattern = strings.ReplaceAll(pattern[1:len(pattern)-1], "``", "`")
		if !like(pattern, database) {
			return nil
		}
	}
	rights := strings.Split(parts[1], ",")
	for i := range rights {
		rights[i] = strings.TrimSpace(rights[i])
	}
	return rights
}

// like matches a pattern of GRANT: % and _ unless they are escaped.
func like(pattern, text string) bool {
	var expression strings.Builder
	expression.WriteString("^")
	escaped := false
	for _, r := range pattern {
		switch {
		case escaped:
			expression.WriteString(regexp.QuoteMeta(string(r)))
			escaped = false
		case r == '\\':
			escaped = true
		case r == '%':
			expression.WriteString(".*")
		case r == '_':
			expression.WriteString(".")
		default:
			expression.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	matched, err := regexp.MatchString(expression.String()+"$", text)
	return err == nil && matched
}
