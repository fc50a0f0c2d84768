// Package frontend is the console as it was built: index.html and its assets, each compressed twice. Without a build,
// which needs Node.js (`make console`), it is empty, and the product serves its own first page.
package frontend

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Console returns the files of the console: index.html, and assets/<name>.br and assets/<name>.gz of each asset. It
// is nil where the console was not built.
func Console() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil
	}
	if _, err := fs.Stat(files, "index.html"); err != nil {
		return nil
	}
	return files
}
