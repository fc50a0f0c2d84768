package local

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"diom.io/workflow/shared/database"
)

func TestServersKeepTheirDataAndComeBack(t *testing.T) {
	if testing.Short() {
		t.Skip("starts MariaDB and Redis")
	}
	t.Parallel()
	var r transcript
	h := openHome(t, t.TempDir(), r.say)
	s, servers := startServers(t, h, &r)
	db, err := database.Open(servers.DSN+Database, database.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	var b database.Batch
	b.Add("CREATE TABLE kept (id INT PRIMARY KEY)")
	b.Add("INSERT INTO kept VALUES (1)")
	if err := db.Run(t.Context(), &b); err != nil {
		t.Fatal(err)
	}

	first := mariadbd(t, h)
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "MariaDB comes back", func() bool { return r.has("mariadbd answers again") })
	s.Stop()
	if second := mariadbd(t, h); alive(first) || alive(second) {
		t.Error("a mariadbd is left")
	}

	s, again := startServers(t, h, &r)
	defer s.Stop()
	if again != servers {
		t.Errorf("servers %v, then %v", servers, again)
	}
	var n int
	eventually(t, "MariaDB answers", func() bool { return db.Ping(t.Context()) == nil })
	if err := db.QueryRow(t.Context(), []any{&n}, "SELECT COUNT(*) FROM kept"); err != nil || n != 1 {
		t.Errorf("%d rows are kept: %v", n, err)
	}
}

func startServers(t *testing.T, h *Home, r *transcript) (*Supervisor, Servers) {
	t.Helper()
	s := NewSupervisor(r.say)
	begin := time.Now()
	servers, err := h.StartServers(t.Context(), s, false, false)
	if err != nil {
		s.Stop()
		t.Fatal(err)
	}
	t.Logf("started after %s", time.Since(begin))
	return s, servers
}

func mariadbd(t *testing.T, h *Home) int {
	t.Helper()
	raw, err := os.ReadFile(h.path("mariadbd.pid"))
	if err != nil {
		return 1 << 30 // a clean end removes the file: nobody has this id
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
