package telemetry

import (
	"runtime/debug"
	"time"
)

// Version is that of the module, or the commit that the binary was built from.
func Version() string {
	b := Provenance()
	switch {
	case b.Version != "":
		return b.Version
	case b.Commit != "":
		return b.Commit
	}
	return "devel"
}

// Build says where a binary comes from, as its linker has written it down: empty fields are not known.
type Build struct {
	Version string    `json:"version"`
	Module  string    `json:"module"`
	Commit  string    `json:"commit,omitempty"`
	At      time.Time `json:"committedAt,omitzero"`
	// Modified says that the source was not that of the commit.
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	Platform string `json:"platform,omitempty"`
	// Reproducible says that the paths of the machine are not in it, so that another machine makes the same bytes.
	Reproducible bool `json:"reproducible"`
	// Modules are those that are built in, with their checksums: what a bill of materials needs.
	Modules []Module `json:"modules,omitempty"`
}

// Module is a module that is built in.
type Module struct {
	Path    string `json:"path"`
	Version string `json:"version"`
	Sum     string `json:"sum,omitempty"`
}

// Provenance reads what the linker has written down.
func Provenance() Build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return Build{}
	}
	return provenance(info)
}

func provenance(info *debug.BuildInfo) Build {
	b := Build{Module: info.Main.Path, Go: info.GoVersion}
	if v := info.Main.Version; v != "(devel)" {
		b.Version = v
	}
	set := map[string]string{}
	for _, s := range info.Settings {
		set[s.Key] = s.Value
	}
	b.Commit, b.Modified, b.Reproducible = set["vcs.revision"], set["vcs.modified"] == "true", set["-trimpath"] == "true"
	b.At, _ = time.Parse(time.RFC3339, set["vcs.time"]) // zero where there is none
	if set["GOOS"] != "" {
		b.Platform = set["GOOS"] + "/" + set["GOARCH"]
	}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		b.Modules = append(b.Modules, Module{m.Path, m.Version, m.Sum})
	}
	return b
}
