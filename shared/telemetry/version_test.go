package telemetry

import (
	"runtime/debug"
	"testing"
)

func TestProvenance(t *testing.T) {
	t.Parallel()
	b := provenance(&debug.BuildInfo{
		GoVersion: "go1.26.0", Main: debug.Module{Path: "diom.io/workflow", Version: "(devel)"},
		Deps: []*debug.Module{{Path: "a", Version: "v1", Sum: "h1:x"}, {Path: "b", Version: "v1", Replace: &debug.Module{Path: "c", Version: "v2"}}},
		Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.time", Value: "2026-11-30T01:02:03Z"}, {Key: "vcs.modified", Value: "true"},
			{Key: "-trimpath", Value: "true"}, {Key: "GOOS", Value: "linux"}, {Key: "GOARCH", Value: "arm64"},
		},
	})
	if b.Version != "" || b.Commit != "abc" || b.At.Minute() != 2 || !b.Modified || !b.Reproducible || b.Platform != "linux/arm64" || b.Modules[1].Path != "c" {
		t.Errorf("%+v", b)
	}
	if Version() == "" {
		t.Error("no version")
	}
}
