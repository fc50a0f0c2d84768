package takeover

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"diom.io/workflow/shared/database"
	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/foreign"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// deployments takes over what is deployed, the oldest deployment first.
func (r *run) deployments(ctx context.Context) error {
	rows, err := r.source.Rows(ctx, foreign.Query{Table: "ACT_RE_DEPLOYMENT", Order: "DEPLOY_TIME_"})
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := r.deployment(ctx, row); err != nil {
			return fmt.Errorf("deployment %s: %w", row.Text("ID_"), err)
		}
	}
	return nil
}

func (r *run) deployment(ctx context.Context, row foreign.Row) error {
	id := row.Text("ID_")
	d := &store.Deployment{
		ID: ident("deployment", id), Name: clip(row.Text("NAME_")), Source: clip(cmp.Or(row.Text("SOURCE_"), fromCamunda)), DeployedBy: operator,
		DeployedAt: row.Time("DEPLOY_TIME_"),
	}
	var found [3][]foreign.Row
	for i, table := range []string{"ACT_GE_BYTEARRAY", "ACT_RE_PROCDEF", "ACT_RE_DECISION_DEF"} {
		var err error
		if found[i], err = r.rows(ctx, foreign.Query{Table: table, Column: "DEPLOYMENT_ID_", In: []string{id}, Order: "ID_"}); err != nil {
			return err
		}
	}
	for _, file := range found[0] {
		d.Resources = append(d.Resources, store.Resource{Name: clip(file.Text("NAME_")), Content: file.Bytes("BYTES_")})
	}
	model, err := r.Workflow.ReadForeign(d, r.options.Listeners)
	if err != nil {
		return err
	}
	lines, known := []Line{}, map[string]definition{}
	for _, row := range found[1] {
		l, x := r.definition(ctx, d, model, row)
		lines = append(lines, l)
		known[row.Text("ID_")] = x
	}
	for _, row := range found[2] {
		lines = append(lines, decision(d, model, row))
	}
	return r.keep(ctx, d, lines, known)
}

// keep writes a deployment and tells of what is in it.
func (r *run) keep(ctx context.Context, d *store.Deployment, lines []Line, known map[string]definition) error {
	outcome, present, err := r.deploy(ctx, d)
	problem := ""
	switch {
	case errors.Is(err, database.ErrDuplicate):
		problem = "this version of the key is here from somewhere else"
	case fault.KindOf(err) == fault.Invalid:
		problem = sentence(err)
	case err != nil:
		return err
	}
	for _, l := range lines {
		switch {
		case l.Outcome == LeftOut:
		case present[known[l.ID].id]:
			l.Outcome = Already
		case problem != "":
			l.Outcome, l.Problems = LeftOut, append(l.Problems, problem)
		default:
			l.Outcome = outcome
		}
		r.tell(l)
	}
	for id, x := range known {
		if problem != "" && !present[x.id] {
			x.process = nil
		}
		r.definitions[id] = x
	}
	return nil
}

// deploy writes a deployment without those definitions that are present already: designs of the earlier DIOM may have
// come before. A deployment that is here, or is only tried, is not written.
func (r *run) deploy(ctx context.Context, d *store.Deployment) (outcome Outcome, present map[engine.ID]bool, err error) {
	here, err := r.Store.Deployments(ctx, store.DeploymentFilter{ID: d.ID}, 1)
	if err != nil || len(here) > 0 {
		return Already, nil, err
	}
	present = map[engine.ID]bool{}
	var missing []store.Definition
	for _, f := range d.Definitions {
		_, _, err := r.Store.Definition(ctx, f.ID)
		switch {
		case err == nil:
			present[f.ID] = true
		case errors.Is(err, store.ErrNoDefinition):
			missing = append(missing, f)
		default:
			return Taken, nil, err
		}
	}
	d.Definitions = missing
	if !r.options.DryRun && len(d.Definitions)+len(d.Decisions) > 0 {
		err = r.Store.TakeDeployment(ctx, d)
	}
	return Taken, present, err
}

// lastPart is the id behind key:version: of Camunda's ids of definitions.
func lastPart(id string) string { return id[strings.LastIndex(id, ":")+1:] }

// definition adds a process definition to its deployment.
func (r *run) definition(ctx context.Context, d *store.Deployment, model *workflow.Foreign, row foreign.Row) (Line, definition) {
	id, key := row.Text("ID_"), row.Text("KEY_")
	version := int(row.Int("VERSION_"))
	l := Line{Kind: "definition", ID: id, Name: fmt.Sprintf("%s version %d", key, version), Outcome: LeftOut}
	x := definition{id: ident("definition", uuidOf(id)), key: key, version: version}
	p, ok := model.Processes[key]
	if !ok {
		l.Problems = details(model.Problems[row.Text("RESOURCE_NAME_")])
		if len(l.Problems) == 0 {
			l.Problems = []string{"its file " + row.Text("RESOURCE_NAME_") + " has no such process"}
		}
		return l, x
	}
	l.Notes = details(model.Problems[p.Resource])
	if row.Text("TENANT_ID_") != "" {
		l.Problems = []string{"it belongs to the tenant " + row.Text("TENANT_ID_") + ": an installation has one"}
		return l, x
	}
	p.ID, p.Version, p.Suspended = x.id, version, row.Int("SUSPENSION_STATE_") == 2
	r.startTimers(ctx, &p.Definition, id)
	d.Definitions = append(d.Definitions, p.Definition)
	l.Outcome, x.process = Taken, p.Process
	return l, x
}

// uuidOf is the UUID at the end of an id, or all of it.
func uuidOf(id string) string {
	if _, err := engine.ParseID(lastPart(id)); err == nil {
		return lastPart(id)
	}
	return id
}

// startTimers lets the timer start events of a definition be due when they were.
func (r *run) startTimers(ctx context.Context, d *store.Definition, id string) {
	rows, err := r.rows(ctx, foreign.Query{Table: "ACT_RU_JOB", Column: "PROCESS_DEF_ID_", In: []string{id}, Null: "EXECUTION_ID_"})
	if err != nil {
		return // an older source: they are counted anew
	}
	for _, row := range rows {
		activity, _, _ := strings.Cut(row.Text("HANDLER_CFG_"), "$")
		for _, start := range d.Starts {
			if start.NodeID == activity && start.Timer != nil {
				start.Timer.DueAt = row.Time("DUEDATE_")
			}
		}
	}
}

func decision(d *store.Deployment, model *workflow.Foreign, row foreign.Row) Line {
	key := row.Text("KEY_")
	l := Line{Kind: "decision", ID: row.Text("ID_"), Name: fmt.Sprintf("%s version %d", key, row.Int("VERSION_")), Outcome: LeftOut}
	x, ok := model.Decisions[key]
	if !ok {
		l.Problems = append(details(model.Problems[row.Text("RESOURCE_NAME_")]), "its file has no such decision that can be read")
		return l
	}
	x.ID, x.Version = ident("decision", uuidOf(l.ID)), int(row.Int("VERSION_"))
	d.Decisions = append(d.Decisions, x)
	l.Outcome = Taken
	return l
}

func details(list []fault.Detail) []string {
	var texts []string
	for _, d := range list {
		text := cmp.Or(d.Detail, d.Code)
		if d.Element != "" {
			text = d.Element + ": " + text
		}
		texts = append(texts, text)
	}
	return texts
}
