package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"testing"
	"time"

	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/engine"
)

var testKey = SealKey{ID: "k1", Key: []byte("0123456789abcdef0123456789abcdef")}

// trail is a store whose audit trail has some rows, sealed in three seals.
func trail(t *testing.T) *Store {
	t.Helper()
	s, ctx := New(databasetest.Open(t)), WithActor(t.Context(), Actor{Name: "admin", Address: "192.0.2.1"})
	for n := range 3 {
		for i := range 3 {
			g := Group{ID: engine.ID{9, 14: byte(n), 15: byte(i)}, Key: fmt.Sprintf("g%d%d", n, i), Name: "组", Version: 1, CreatedAt: time.Now()}
			if err := s.CreateGroup(ctx, g, nil, Recorded{}); err != nil {
				t.Fatal(err)
			}
		}
		if sealed, err := s.SealAudit(ctx, testKey, time.Now().UTC().Truncate(time.Millisecond)); err != nil || sealed != 3 {
			t.Fatalf("%d rows sealed, %v", sealed, err)
		}
	}
	return s
}

// findings are the rules that the trail breaks.
func findings(t *testing.T, s *Store, keys ...SealKey) []string {
	t.Helper()
	var rules []string
	_, err := s.VerifyAudit(context.Background(), func(id string) (SealKey, bool) {
		i := slices.IndexFunc(keys, func(k SealKey) bool { return k.ID == id })
		if i < 0 {
			return SealKey{}, false
		}
		return keys[i], true
	}, func(f AuditFinding) { rules = append(rules, f.Rule) })
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// plant does something behind the product's back.
func plant(t *testing.T, s *Store, text string) {
	t.Helper()
	if err := s.DB.InTx(t.Context(), func(tx *sql.Tx) error { _, err := tx.ExecContext(t.Context(), text); return err }); err != nil {
		t.Fatal(err)
	}
}

// Whatever somebody does to the trail behind the product's back is found.
func TestAPlantedTrailIsFound(t *testing.T) {
	t.Parallel()
	const copied = `INSERT INTO sys_audit SELECT %s, at, 'nobody', token, action, object_type, object_id, object_name, decision, before_digest, after_digest, detail, address, trace, %s FROM sys_audit WHERE object_name = 'g11'`
	for name, c := range map[string]struct {
		text string
		want string
	}{
		"nothing":                  {``, `[]`},
		"a changed actor":          {`UPDATE sys_audit SET actor = 'lina' WHERE object_name = 'g11'`, `[audit_row_changed]`},
		"a changed time":           {`UPDATE sys_audit SET at = at - INTERVAL 1 MINUTE WHERE object_name = 'g11'`, `[audit_row_changed]`},
		"a changed digest":         {`UPDATE sys_audit SET after_digest = before_digest WHERE object_name = 'g11'`, `[audit_row_changed]`},
		"a deleted row":            {`DELETE FROM sys_audit WHERE object_name = 'g11'`, `[audit_row_deleted]`},
		"a row of another seal":    {`UPDATE sys_audit SET seal = 1 WHERE object_name = 'g11'`, `[audit_row_inserted audit_row_deleted]`},
		"an inserted row":          {fmt.Sprintf(copied, "x'01900000000070008000000000000001'", "seal"), `[audit_row_inserted]`},
		"a row before the seals":   {fmt.Sprintf(copied, "x'01900000000070008000000000000001'", "NULL"), `[audit_row_inserted]`},
		"a row of a seal to come":  {fmt.Sprintf(copied, "x'01900000000070008000000000000001'", "77"), `[audit_seal_missing]`},
		"a row that lost its seal": {`UPDATE sys_audit SET seal = NULL WHERE object_name = 'g11'`, `[audit_row_deleted]`},
		"a deleted seal":           {`DELETE FROM sys_audit_seal WHERE seal = 2`, `[audit_seal_missing]`},
		"a changed seal":           {`UPDATE sys_audit_seal SET sealed_at = sealed_at - INTERVAL 1 DAY WHERE seal = 2`, `[audit_row_changed]`},
		"a changed hash":           {`UPDATE sys_audit_seal SET hash = REVERSE(hash) WHERE seal = 1`, `[audit_row_changed audit_row_changed]`}, // and of the next one
		"another key":              {`UPDATE sys_audit_seal SET key_id = '' WHERE seal = 3`, `[audit_row_changed]`},
		"a key that is not here":   {`UPDATE sys_audit_seal SET key_id = 'k0' WHERE seal = 3`, `[audit_key_missing]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := trail(t)
			if c.text != "" {
				plant(t, s, c.text)
			}
			if got := fmt.Sprint(findings(t, s, testKey, SealKey{})); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// A row that was planted with an old time is not sealed with the next ones: that would make it genuine.
func TestAPlantedRowIsNotSealed(t *testing.T) {
	t.Parallel()
	s := trail(t)
	plant(t, s, `INSERT INTO sys_audit SELECT x'01900000000070008000000000000001', at, 'nobody', token, action, object_type, object_id, object_name, decision, before_digest, after_digest, detail, address, trace, NULL FROM sys_audit WHERE object_name = 'g11'`)
	for range 2 {
		if err := s.AddRefusal(t.Context(), Audit{Action: "login.delay", ObjectType: "user"}); err != nil {
			t.Fatal(err)
		}
		if n, err := s.SealAudit(t.Context(), testKey, time.Now()); err != nil || n != 1 {
			t.Errorf("%d rows sealed, %v", n, err)
		}
	}
	if got := fmt.Sprint(findings(t, s, testKey)); got != "[audit_row_inserted]" {
		t.Error(got)
	}
}

// A change that fails leaves no row, and one that is made leaves what it changed.
func TestTheTrailIsOfWhatWasDone(t *testing.T) {
	t.Parallel()
	s := trail(t)
	ctx := t.Context()
	count := func() (n int) {
		if err := s.DB.QueryRow(ctx, []any{&n}, `SELECT COUNT(*) FROM sys_audit`); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := count()
	g := Group{ID: engine.ID{9, 14: 1, 15: 1}, Name: "别组", Version: 9}
	if err := s.UpdateGroup(ctx, g); err == nil || count() != before {
		t.Errorf("%v: %d rows, want %d", err, count(), before)
	}
	g.Version = 1
	if err := s.UpdateGroup(ctx, g); err != nil || count() != before+1 {
		t.Errorf("%v: %d rows", err, count())
	}
}

// Two that seal at once make one seal.
func TestSealsAreMadeOnce(t *testing.T) {
	t.Parallel()
	s := trail(t)
	for range 5 {
		if err := s.AddRefusal(t.Context(), Audit{Action: "login.delay", ObjectType: "user"}); err != nil {
			t.Fatal(err)
		}
	}
	sealed := make(chan int)
	for range 4 {
		go func() {
			n, err := s.SealAudit(context.Background(), testKey, time.Now().UTC())
			if err != nil {
				t.Error(err)
			}
			sealed <- n
		}()
	}
	all := 0
	for range 4 {
		all += <-sealed
	}
	if got := findings(t, s, testKey); all != 5 || len(got) > 0 {
		t.Errorf("%d rows sealed, %v", all, got)
	}
}
