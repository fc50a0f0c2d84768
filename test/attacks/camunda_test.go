package attacks

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"diom.io/workflow/test/producttest"
)

// camundaQueries put SQL and expressions into the queries of /engine-rest, where Camunda 7 itself evaluated some. There
// much that is the caller's fault is answered with 500, as Camunda does: what counts is what the answer holds.
var camundaQueries = class{"camunda-queries", func(*rig) []attack {
	var all []attack
	harmless := func(name string, send func(*target) (producttest.Answer, error)) {
		all = append(all, attack{name, func(t *target) string {
			answer, err := send(t)
			if err != nil {
				return err.Error()
			}
			if found := internals.Find(answer.Body); found != nil || strings.Contains(string(answer.Body), "1337") {
				return fmt.Sprintf("the answer tells %.300s", answer.Body)
			}
			var rows []any
			passedOver := strings.HasPrefix(name, "or ") || strings.Contains(name, "Expression") // filters that are not known
			if json.Unmarshal(answer.Body, &rows) == nil && len(rows) > 0 && !passedOver {
				return fmt.Sprintf("%d rows", len(rows))
			}
			return ""
		}})
	}
	texts := append([]string{"${7*191}", "${''.getClass()}", "#{starter}", "${currentUser()}"}, sqlPayloads...)
	for _, path := range []string{"task", "process-instance", "history/process-instance", "process-definition", "external-task", "incident"} {
		for _, text := range texts {
			harmless("sort "+path+" "+text, func(t *target) (producttest.Answer, error) {
				return t.send("admin", "GET", "/engine-rest/"+path+"?sortOrder=asc&sortBy="+url.QueryEscape(text), nil)
			})
			harmless("order "+path+" "+text, func(t *target) (producttest.Answer, error) {
				return t.send("admin", "GET", "/engine-rest/"+path+"?sortBy=id&sortOrder="+url.QueryEscape(text), nil)
			})
		}
	}
	for _, text := range texts {
		for _, filter := range []string{"assignee", "assigneeExpression", "candidateGroup", "candidateGroupExpression", "processInstanceBusinessKey", "name", "createdBeforeExpression"} {
			harmless("filter "+filter+" "+text, func(t *target) (producttest.Answer, error) {
				return t.send("admin", "POST", "/engine-rest/task", object{filter: text})
			})
			harmless("or "+filter+" "+text, func(t *target) (producttest.Answer, error) {
				return t.send("admin", "POST", "/engine-rest/task", object{"orQueries": []object{{filter: text}}})
			})
		}
	}
	return all
}, answering(http.StatusOK, `[{"id":"1"}]`)}
