package telemetry_test

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/telemetry"
)

func read(t *testing.T, path ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// Every line is in the file that operators look for it in, with its trace id, and in one only but for what
// the gateway warns of.
func TestLogFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tel := telemetry.New(io.Discard, "INFO")
	done, err := tel.LogTo(dir, "gateway", telemetry.UsualLimits)
	if err != nil {
		t.Fatal(err)
	}
	ctx := telemetry.Continue(t.Context(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")
	tel.Log.InfoContext(ctx, "request", "fn", "gateway", "n", 1)
	tel.Log.WarnContext(ctx, "request", "fn", "gateway", "n", 2)
	tel.Log.Info("listening", "n", 3)
	tel.Log.Info("request", "fn", "login", "n", 4)
	tel.Log.With("fn", "designs").Info("saved\nx", "n", 5)
	tel.Log.WithGroup("g").Error("tick", "n", 6)
	tel.Log.Debug("too little", "n", 7)
	tel.Level.Set(slog.LevelDebug)
	tel.Log.Debug("request", "fn", "tick", "n", 8)
	if err := done(); err != nil {
		t.Fatal(err)
	}
	for name, numbers := range map[string]string{"access.log": "12", "gateway-error.log": "26", "gateway.log": "36", "auth.log": "4", "web.log": "5", "workflow.log": "8"} {
		content := read(t, dir, "gateway", name)
		lines := strings.Split(strings.TrimSpace(content), "\n")
		if len(lines) != len(numbers) {
			t.Errorf("%s: %d lines: %s", name, len(lines), content)
			continue
		}
		for i, line := range lines {
			if !strings.Contains(line, `"n":`+numbers[i:i+1]) {
				t.Errorf("%s: %s", name, line)
			}
		}
	}
	if !strings.Contains(read(t, dir, "gateway", "access.log"), `"traceId":"0af7651916cd43dd8448eb211c80319c"`) {
		t.Error("the trace id is missing")
	}
}

// The directory never grows past its bound by more than the files that are being written, whoever writes them, and
// those that were ended first go first.
func TestLogFilesAreBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tel := telemetry.New(io.Discard, "INFO")
	bounds := telemetry.Limits{File: 1, Days: 30, Total: 4 << 20, Every: 10 * time.Millisecond}
	done, err := tel.LogTo(dir, "workflow", bounds)
	if err != nil {
		t.Fatal(err)
	}
	strange := filepath.Join(dir, "notes.txt") // is nobody's to delete
	if err := os.WriteFile(strange, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("x", 100_000)
	for range 120 { // 12 MB
		tel.Log.Info(text)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		sum, n := size(t, dir)
		if sum <= bounds.Total && n >= 3 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d bytes in %d files", sum, n)
		}
	}
	if err := done(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(strange); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "workflow", "workflow.log")); err != nil {
		t.Error(err)
	}
}

func size(t *testing.T, dir string) (sum int64, n int) {
	t.Helper()
	_ = filepath.WalkDir(dir, func(_ string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			if info, err := entry.Info(); err == nil {
				sum += info.Size()
				n++
			}
		}
		return nil
	})
	return sum, n
}
