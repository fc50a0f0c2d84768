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
	"changes.go: DELETE FROM workflow_task_candidate WHERE":        oneBatch,
	"changes.go: UPDATE workflow_instance SET summary":             oneBatch,
	"operate.go: UPDATE workflow_job SET locked_until":             oneBatch,
	"webhook.go: UPDATE workflow_delivery FORCE INDEX":             "what is to be sent again is marked in one statement: repeated, it waits already",
	"rows.go: DELETE r FROM (SELECT":                               oneBatch,
	"rows.go: UPDATE workflow_subscription":                        oneBatch,
	"migration.go: UPDATE workflow_job SET node_id":                oneBatch,
	"migration.go: UPDATE workflow_incident SET node_id":           oneBatch,
	"migration.go: UPDATE workflow_instance SET parent_node":       oneBatch,
	"migration.go: UPDATE workflow_timer SET node_id":              oneBatch,
	"migration.go: UPDATE workflow_subscription SET node_id":       oneBatch,
	"batch_item.go: UPDATE workflow_batch SET locked_until":        "when a batch goes on: where it is not said the lease ends, as in the wound of a half-done batch",
	"signal.go: UPDATE workflow_signal SET passed":                 "how far a signal has come: who does not know it goes over a page of receivers again, and the inbox knows those who have it",
	"delete_instance.go: DELETE FROM workflow_instance_link WHERE": oneBatch,
	"user_change.go: DELETE FROM sys_user_post WHERE":              "in the transaction that deletes a user, which is interrupted at other statements",
	"delivery.go": "deliveries are written with their notifications, in one transaction whose statement is interrupted; an attempt whose outcome is not said is made once more when its lease ends, " +
		"under the same id; old ones are purged like the rest",
	"notification.go: UPDATE workflow_notification SET read_at": "what a person has read, in the transaction of the answer to his key: read again, it is read",
	"preference.go": "one statement of what a person or an administrator writes, which a version guards: repeated, it is stale",
	"phrase.go":     "as preference.go",
	"user_change.go: DELETE FROM sys_phrase WHERE": "as the posts of a user who is deleted",
	"task_link.go":      "a link is noted as used behind the completion of its task, which is interrupted; the completion's own record lets it have no second effect",
	"attachment.go":     camundas,
	"comment.go":        camundas,
	"copy.go":           "copies are a part of the batch of a step; what is opened again is read again",
	"batch_person.go":   "the items of a batch, in the transaction that writes it, as those that are given by id",
	"evaluation.go":     "one statement behind an evaluation that changes nothing else: it may be missing in the history",
	"batch_progress.go": "when the progress of a batch is told again: once more or once less is said how far it is",

	"purge_told.go": "one statement for old rows of each kind, as those of purge.go, which are interrupted: what is left the next round takes",

	"form.go":   "forms are written in the transaction of a deployment, which is interrupted with its definitions and decisions",
	"object.go": "an object is told before it is put, claimed in the transaction of what has it and given up in that of its deletion; functions/tasks cuts it off between the steps, and the tick removes what nothing has",
	"file.go":   "a file and the answer to its key are one transaction; bound before a step that then is not made, it is purged with those of no form",

	"request.go":  "a number that is taken twice leaves a gap, which the documents allow; a link is one statement behind its key, with the record of the request",
	"post.go":     "the posts of a person are written anew as a whole, in the transaction of its row of the trail: repeated, they are the same",
	"scope.go":    "as posts",
	"calendar.go": "one statement with its row of the trail, behind the version that it changes",

	"identity.go":      "who somebody is elsewhere is written in the transaction of his account, or behind a unique key: repeated, it is there",
	"directory_run.go": "a run that is not ended is made again when its lease ends; it compares anew, and finds done what was done",

	"hold.go":         "a hold is one statement behind its key, with its row of the trail; lifted twice it is refused",
	"erasure.go":      "an account is erased in one transaction with the row that says so: repeated, it is refused; a round whose end is not kept is made again",
	"erasure_walk.go": "an instance is erased in one transaction; the next round finds nothing there any more",

	"rebuild.go":   "diom check --rebuild is one batch behind a guard, and is repeated by who called it",
	"company.go":   "the demo company is laid before the product serves anybody",
	"take_over.go": "what a takeover leaves is taken when it is repeated",

	"api_token.go":  "one statement with its row of the trail: repeated, a token is made twice and shown once, and revoked once",
	"sealed.go":     "a sealed value is written anew if it is still the one that was read: repeated, it has the new key already",
	"setting.go":    "one statement with its row of the trail, behind the version that it changes",
	"audit_seal.go": "a seal is made again where it is not there: its number and its rows are one transaction",
}

const camundas = "one statement of a call of Camunda's API, which knows no key: repeated, it is there twice"

const oneBatch = "a part of the batch of a step, which is interrupted with other parts"

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

// everyStatement holds, once the tests of make crash have run, that each statement of the store which changes
// something was interrupted.
func everyStatement() int {
	missing, err := uninterrupted()
	if err != nil || len(missing) > 0 {
		fmt.Fprintf(os.Stderr, "never interrupted: %v\n  %s\n", err, strings.Join(missing, "\n  "))
		return 1
	}
	return 0
}
