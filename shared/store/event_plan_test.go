package store

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/page"
)

// fillEvents writes, for each of n instances of fill, ten jobs, three timers, a subscription, two search
// variables, an event of the inbox, a recorded answer and a session. Half of the jobs belong to one
// topic; of these most are locked or not due. Every message waits in the inbox a hundred times.
func fillEvents(t *testing.T, s *Store) {
	t.Helper()
	const number = `CAST(CONV(RIGHT(HEX(i.id), 8), 16, 10) AS UNSIGNED)`
	for _, text := range []string{
		`INSERT INTO workflow_job (id, instance_id, process_key, business_key, node_id, kind, topic, precedence, retries, due_at, suspended, worker_id, locked_until, created_at)
SELECT UNHEX(MD5(CONCAT(HEX(i.id), k.n))), i.id, CONCAT('p', ` + number + ` % 50), 'b', 'work', IF(k.n = 9, 2, 1),
 CASE WHEN k.n = 9 THEN '' WHEN k.n < 5 THEN 'mail' ELSE CONCAT('t', k.n, '-', ` + number + ` % 100) END, k.n % 3, 3, NULL, k.n = 4,
 IF(k.n = 0, 'w', NULL), CASE WHEN k.n < 3 THEN '2031-01-01' WHEN k.n = 3 AND ` + number + ` % 30 > 0 THEN '2030-01-01' END, '2029-01-01'
FROM workflow_instance i JOIN ` + ten + ` k`,
		`INSERT INTO workflow_timer (id, instance_id, definition_id, process_key, node_id, due_at, fired, suspended, locked_until)
SELECT UNHEX(MD5(CONCAT(HEX(i.id), k.n))), i.id, i.definition_id, CONCAT('p', ` + number + ` % 50), 'wait', '2031-01-01', 0, 0,
 IF(k.n = 0 AND ` + number + ` % 30 = 0, '2030-01-01', '2031-01-01')
FROM workflow_instance i JOIN ` + ten + ` k WHERE k.n < 3`,
		`INSERT INTO workflow_subscription (id, instance_id, definition_id, process_key, node_id, message, start_message, business_key, suspended)
SELECT i.id, IF(` + number + ` % 60 = 0, NULL, i.id), i.definition_id, CONCAT('p', ` + number + ` % 50), 'catch', IF(` + number + ` % 60 = 0, CONCAT('start', ` + number + `), IF(` + number + ` % 2, 'paid', CONCAT('m', ` + number + ` % 10))),
 IF(` + number + ` % 60 = 0, CONCAT('start', ` + number + `), NULL), CONCAT('PO-', ` + number + `), 0 FROM workflow_instance i`,
		`UPDATE workflow_subscription SET message = '', start_message = NULL, start_condition = 1 WHERE instance_id IS NULL AND business_key LIKE '%20'`,
		`UPDATE workflow_subscription SET signal_name = 'alarm' WHERE instance_id IS NOT NULL AND business_key LIKE '%7'`,
		`INSERT INTO workflow_search_variable (instance_id, name, value)
SELECT i.id, IF(k.n = 0, 'order', 'region'), IF(k.n = 0, ` + number + ` % 65536, '"EU"') FROM workflow_instance i JOIN ` + ten + ` k WHERE k.n < 2`,
		`INSERT INTO workflow_inbox (source, event_id, state, message, correlation_keys, variables, received_at, expires_at)
SELECT '/shop', HEX(i.id), 1 + ` + number + ` % 3, IF(` + number + ` % 3 = 1, NULL, CONCAT('m', ` + number + ` % 10)), '', '', '2029-01-01' + INTERVAL ` + number + ` % 5000 MINUTE,
 IF(` + number + ` % 3 = 1, NULL, '2031-01-01' + INTERVAL ` + number + ` % 5000 MINUTE) FROM workflow_instance i`,
		`INSERT INTO workflow_idempotency (principal, idempotency_key, route, hash, status, body, created_at)
SELECT 'p', HEX(i.id), '', '', 200, '', '2029-01-01' + INTERVAL ` + number + ` % 5000 MINUTE FROM workflow_instance i`,
		`INSERT INTO sys_session (id, family_id, user_id, token_hash, started_at, created_at, expires_at)
SELECT i.id, i.id, i.id, UNHEX(SHA2(i.id, 256)), '2029-01-01', '2029-01-01', '2029-01-01' + INTERVAL ` + number + ` % 5000 MINUTE FROM workflow_instance i`,
	} {
		execute(t, s, text)
	}
	for _, table := range []string{
		"workflow_job", "workflow_timer", "workflow_subscription", "workflow_search_variable", "workflow_inbox", "workflow_idempotency", "sys_session",
	} {
		execute(t, s, "ANALYZE TABLE "+table)
	}
}

const ten = `(SELECT 0 n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)`

// Every statement for jobs, timers, messages and events finds its rows by a key.
func TestEventsAreFoundByKey(t *testing.T) {
	t.Parallel()
	s := New(databasetest.Open(t))
	fill(t, s, 3000)
	fillEvents(t, s)
	id := person(7).ID
	some := []engine.ID{id, person(8).ID, person(9).ID}
	after := page.Request{Limit: 20, Descending: true, After: []string{id.String()}}
	in := func(text string, arguments ...any) read {
		return read{text + byIDs(len(some)), append(arguments, arguments16(some)...)}
	}
	lock := func(text, free string) read {
		return read{text + byIDs(len(some)) + free, append(arguments16(some), noon)}
	}
	before := time.Date(2029, 1, 1, 1, 0, 0, 0, time.UTC)
	events, eventArguments := deliveries([]Delivery{{Source: "/shop", EventID: "1"}, {Source: "/shop", EventID: "2"}})
	statements := []read{
		{removal("workflow_job", 3), arguments16(some)}, {removal("workflow_timer", 3), arguments16(some)}, {removal("workflow_subscription", 3), arguments16(some)},
		in(`UPDATE workflow_job`+byPrimary+` SET suspended = ?`, 1), in(loadInstances),
		{moveStartTimer, []any{noon, noon, 1, id[:], 0}}, {endStartTimer, []any{id[:], 0}}, {takeParked, []any{1, 2, id[:], "/shop", "1"}},
		{deleteSearchVariables, []any{id[:]}}, {deleteSearchVariables + ` AND v.name IN (?, ?)`, []any{id[:], "order", "region"}},
		{jobCandidates, []any{"mail", 50, "mail", noon, maxDue}}, {jobCandidates, []any{"", 50, "", noon, maxDue}},
		lock(readJobs, freeExternal), lock(readJobs, freeContinuations), lock(readTimers, freeTimers), in(markJobs, nil, noon), in(markTimers, noon),
		{loadByJob, []any{id[:]}}, {dueTimers, []any{noon, 50}}, {startSubscription, []any{"start60"}}, {startsBy, []any{"start60"}},
		{deleteStartTimers, []any{"p1"}}, {deleteStartSubscriptions, []any{"p1"}},
		{suspendStartTimers, []any{1, id[:]}}, {suspendStartSubscriptions, []any{1, id[:]}},
		receiversOf(50), {startConditions, []any{id[:], 200}}, {dueSignals, []any{noon, 50}}, {inheritSignals, []any{id[:]}},
		{inboxState, []any{"/shop", "1"}}, parkedRead(""), parkedRead("PO-7"), {overdue, []any{noon, 50}}, {awaited, []any{50}},
		{parkedColumns + byPrimary + events + lockOverdue, eventArguments}, {expire + events, append([]any{3}, eventArguments...)},
		{purgeDone, []any{before, 50}}, {purgeExpired, []any{before, 50}}, {purgeIdempotency, []any{before, 50}}, {purgeSessions, []any{before, 50}},
		messageQuery(MessageQuery{Name: "paid"}), messageQuery(MessageQuery{Name: "paid", BusinessKey: "PO-7"}), messageQuery(MessageQuery{Name: "paid", Unkeyed: true}),
		messageQuery(MessageQuery{Name: "paid", Keys: map[string]string{"order": "7"}}),
		messageQuery(MessageQuery{Name: "paid", Keys: map[string]string{"region": `"EU"`, "order": "7"}}),
		messageQuery(MessageQuery{Name: "paid", BusinessKey: "PO-7", Keys: map[string]string{"region": `"EU"`}}),
		listOf(t, jobList, JobFilter{}.query(), after), listOf(t, jobList, JobFilter{InstanceID: id}.query(), after),
		listOf(t, jobList, JobFilter{ProcessKey: "p7"}.query(), after), listOf(t, jobList, JobFilter{Topic: "t7-7"}.query(), after),
		listOf(t, timerList, TimerFilter{}.query(), after), listOf(t, timerList, TimerFilter{InstanceID: id}.query(), after),
		listOf(t, timerList, TimerFilter{ProcessKey: "p7"}.query(), after),
	}
	for _, q := range statements {
		for _, plan := range plans(t, s, q) {
			if plan.access == "ALL" || plan.access == "index" && plan.rows > 200 {
				t.Errorf("%s reads %d rows of %s (%s)", q.text, plan.rows, plan.table, plan.access)
			}
			if strings.Contains(q.text, byInstance) && plan.key != "instance" {
				t.Errorf("%s locks rows by %s", q.text, plan.key)
			}
			if strings.HasSuffix(q.text, "FOR UPDATE SKIP LOCKED") && plan.key != "PRIMARY" {
				t.Errorf("%s locks rows by %s", q.text, plan.key)
			}
		}
	}
}

func receiversOf(limit int) read {
	passed := person(8).ID
	return read{receivers, []any{"alarm", passed[:], time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), passed[:], limit}}
}

func parkedRead(businessKey string) read {
	text, arguments := ParkedQuery{"m3", businessKey}.statement(noon, 10)
	return read{text, arguments}
}

func messageQuery(m MessageQuery) read {
	text, arguments := m.statement(2)
	return read{text, arguments}
}

func listOf[T any](t *testing.T, l list[T], q query, r page.Request) read {
	t.Helper()
	text, err := l.statement(&q, r)
	if err != nil {
		t.Fatal(err)
	}
	return read{text, q.arguments}
}

// What a claim or a look-up reads grows with what it returns, not with what others have, what is not
// due, or how many wait.
func TestReadsFollowWhatIsTaken(t *testing.T) {
	t.Parallel()
	s := New(databasetest.Open(t))
	fill(t, s, 3000)
	fillEvents(t, s)
	for name, c := range map[string]struct {
		q     read
		bound int
	}{
		"ready jobs":      {read{jobCandidates, []any{"mail", 10, "mail", noon.AddDate(-5, 0, 0), maxDue}}, 30},
		"due jobs":        {read{jobCandidates, []any{"mail", 1, "mail", noon, 10}}, 30},
		"no such topic":   {read{jobCandidates, []any{"none", 10, "none", noon, maxDue}}, 5},
		"continuations":   {read{jobCandidates, []any{"", 10, "", noon, maxDue}}, 30},
		"due timers":      {read{dueTimers, []any{noon, 10}}, 15},
		"a business key":  {messageQuery(MessageQuery{Name: "paid", BusinessKey: "PO-7"}), 10},
		"keys":            {messageQuery(MessageQuery{Name: "paid", Keys: map[string]string{"region": `"EU"`, "order": "7"}}), 20},
		"only a name":     {messageQuery(MessageQuery{Name: "paid"}), 10},
		"a start message": {read{startSubscription, []any{"start60"}}, 5},
		"receivers":       {receiversOf(20), 50},
		"parked":          {parkedRead(""), 15},
		"names":           {read{awaited, []any{50}}, 100},
		"expired":         {read{overdue, []any{time.Date(2031, 1, 1, 0, 10, 0, 0, time.UTC), 10}}, 20},
		"purged events":   {read{purgeDone, []any{noon, 10}}, 30},
		"nothing is old":  {read{purgeDone, []any{noon.AddDate(-5, 0, 0), 10}}, 5},
		"purged expired":  {read{purgeExpired, []any{noon.AddDate(2, 0, 0), 10}}, 30},
		"purged answers":  {read{purgeIdempotency, []any{noon, 10}}, 30},
		"purged sessions": {read{purgeSessions, []any{noon, 10}}, 30},
		"jobs by process": {listOf(t, jobList, JobFilter{ProcessKey: "p7"}.query(), page.Request{Limit: 10}), 15},
	} {
		if n := reads(t, s, c.q); n > c.bound {
			t.Errorf("%s: %d reads of rows or keys, more than %d", name, n, c.bound)
		}
	}
}

// reads runs a statement, undoes it, and returns how many rows and keys the server has read for it.
func reads(t *testing.T, s *Store, q read) (n int) {
	t.Helper()
	undo := fmt.Errorf("undo")
	err := s.DB.InReadCommitted(t.Context(), func(tx *sql.Tx) error {
		before := handlerReads(t, tx)
		if strings.HasPrefix(q.text, "SELECT") {
			rows, err := tx.QueryContext(t.Context(), q.text, q.arguments...)
			if _, err := collect(rows, err, func(*sql.Rows) (struct{}, error) { return struct{}{}, nil }); err != nil {
				return err
			}
		} else if _, err := tx.ExecContext(t.Context(), q.text, q.arguments...); err != nil {
			return err
		}
		n = handlerReads(t, tx) - before
		return undo
	})
	if err != undo { //nolint:errorlint // our own
		t.Fatalf("%s: %v", q.text, err)
	}
	return n
}

func handlerReads(t *testing.T, tx *sql.Tx) (sum int) {
	t.Helper()
	rows, err := tx.QueryContext(t.Context(), `SHOW SESSION STATUS LIKE 'Handler_read%'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var n int
		if err := rows.Scan(&name, &n); err != nil {
			t.Fatal(err)
		}
		if name != "Handler_read_rnd_deleted" {
			sum += n
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return sum
}
