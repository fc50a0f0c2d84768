package faults_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"diom.io/workflow/test/faults/proxytest"
	"diom.io/workflow/test/producttest"
)

// writes is what a statement begins with that changes something.
var writes = regexp.MustCompile(`^(INSERT|UPDATE|DELETE|REPLACE)\s`)

// apart are the writes that no operation of these tests makes, whole files or by their beginning, with the reason.
var apart = map[string]string{
	"changes.go: DELETE FROM workflow_task_candidate WHERE": oneBatch,
	"rows.go: DELETE r FROM (SELECT":                        oneBatch,
	"rows.go: UPDATE workflow_subscription":                 oneBatch,
	"session.go: UPDATE sys_session SET revoked_at":         "a log-out is one statement, and repeated",
	"department.go": administration, "group.go": administration, "permission.go": administration, "role.go": administration,
	"user_change.go": administration, "event_source.go": administration, "topic_binding.go": administration,
	"purge.go":       "what is over goes in small pieces; what one round leaves the next one takes",
	"rebuild.go":     "diom check --rebuild is one batch behind a guard, and is repeated by who called it",
	"deployment.go":  "a deployment is deleted in one transaction, like those of administration",
	"job_claim.go":   "a claim whose answer is lost ends with its lock: the workers of TestChaos die with jobs in their hands",
	"migration.go":   "rows of jobs, timers and subscriptions change in the batch of the migrated instance, which is interrupted",
	"start_event.go": "start events are made and ended in the transaction of a deployment, which is interrupted",
	"batch.go":       rounds, "batch_item.go": rounds, "company.go": "the demo company is laid before the product serves anybody",
	"dead_letter.go": rounds, "definition.go": "a deployment is one transaction, which is interrupted",
	"delete_instance.go": "an instance is deleted in one transaction, which is interrupted",
	"operate.go":         "who holds a job is in its row only: what is lost is asked again",
	"signal.go":          rounds,
	"take_over.go":       "what a takeover leaves is taken when it is repeated",
	"outbox.go":          "marks of the relay: TestRelay of package workflow",
}

const oneBatch = "a part of the batch of a step, which is interrupted with other parts"

const rounds = "work of the tick in rounds: TestSelfHealing kills it in the middle, with batches, signals and letters half done"

const administration = "one transaction of a few rows without history, by the same way as a deployment's"

// uninterrupted returns the statements of package store that change something and were part of no request
// that a test of this process interrupted.
func uninterrupted() ([]string, error) {
	root, err := producttest.Root()
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(root, "shared", "store", "*.go"))
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, file := range files {
		name := filepath.Base(file)
		if strings.HasSuffix(name, "_test.go") || apart[name] != "" { // a whole file
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			return nil, err
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			if err == nil && writes.MatchString(text) && apart[name+": "+proxytest.Begin(text)] == "" && !proxytest.Interrupted(text) {
				missing = append(missing, name+": "+proxytest.Begin(text))
			}
			return true
		})
	}
	slices.Sort(missing)
	return slices.Compact(missing), nil
}

// everyStatement holds, once every test has passed at full size, that each statement of the store which changes
// something was interrupted.
func everyStatement() int {
	missing, err := uninterrupted()
	if err != nil || len(missing) > 0 {
		fmt.Fprintf(os.Stderr, "never interrupted: %v\n  %s\n", err, strings.Join(missing, "\n  "))
		return 1
	}
	return 0
}
