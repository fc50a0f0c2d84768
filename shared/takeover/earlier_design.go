package takeover

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/foreign"
	"diom.io/workflow/shared/store"
)

// published is the status of a design that the earlier DIOM has deployed.
const published = "PUBLISHED"

// maxPerson is the longest name of a person, in bytes.
const maxPerson = 64

// design is a published design as a definition. Camunda numbers the versions by itself: where its id of the definition
// is known, so is its version.
type design struct {
	definition engine.ID
	key        string
	version    int
	row        foreign.Row
}

func designOf(row foreign.Row) design {
	d := design{
		definition: earlierID("definition", row.Text("ID")),
		key:        row.Text("PROCESS_KEY"), version: int(row.Int("VERSION")), row: row,
	}
	camunda := row.Text("PROCESS_DEFINITION_ID")
	if camunda == "" {
		return d
	}
	d.definition = ident("definition", uuidOf(camunda))
	if parts := strings.Split(camunda, ":"); len(parts) == 3 {
		if n, err := strconv.Atoi(parts[1]); err == nil {
			d.version = n
		}
	}
	return d
}

// designs deploys what was published and is not here yet.
func (e *earlier) designs(ctx context.Context) error {
	return e.pages(ctx, designTable, modelPage, func(rows []foreign.Row) error {
		for _, row := range rows {
			if err := e.design(ctx, designOf(row)); err != nil {
				return fmt.Errorf("design %s: %w", row.Text("ID"), err)
			}
		}
		return nil
	})
}

func (e *earlier) design(ctx context.Context, d design) error {
	status, content := d.row.Text("STATUS"), []byte(d.row.Text("BPMN_XML"))
	l := Line{Kind: "design", ID: d.row.Text("ID"), Name: fmt.Sprintf("%s version %d", d.key, d.version), Outcome: LeftOut}
	switch {
	case status != published:
		l.Problems = []string{fmt.Sprintf("not taken: it is %s; designs that are not published come with the designer", cmp.Or(status, "without a status"))}
	case d.key == "":
		l.Problems = []string{"it has no process key"}
	case d.version < 1:
		l.Problems = []string{"it has no version"}
	case len(bytes.TrimSpace(content)) == 0:
		l.Problems = []string{"it has no model"}
	default:
		here, err := e.deployed(ctx, d, content, &l)
		if err != nil {
			return err
		}
		if !here {
			return e.publish(ctx, d, content)
		}
	}
	e.tell(l)
	return nil
}

// deployed reports whether the version of a design is here, from Camunda or an earlier run, or from somewhere else.
func (e *earlier) deployed(ctx context.Context, d design, content []byte, l *Line) (bool, error) {
	_, _, err := e.Store.Definition(ctx, d.definition)
	if err == nil {
		l.Outcome = Already
		return true, nil
	} else if !errors.Is(err, store.ErrNoDefinition) {
		return false, err
	}
	id, found, err := e.Store.TakenDefinition(ctx, d.key, d.version)
	if err != nil || !found {
		return false, err
	}
	_, other, err := e.Store.Definition(ctx, id)
	if bytes.Equal(other, content) {
		l.Outcome = Already
		return true, err
	}
	l.Problems = []string{"this version of the key is here from somewhere else, with another model"}
	return true, err
}

// publish deploys one design as its definition was, with its id there: a later move of Camunda's database finds it.
func (e *earlier) publish(ctx context.Context, f design, content []byte) error {
	by := cmp.Or(f.row.Text("PUBLISHER"), f.row.Text("CREATOR"))
	if by == "" || len(by) > maxPerson {
		by = operator
	}
	name := f.key + ".bpmn"
	d := &store.Deployment{
		ID: earlierID("deployment", f.row.Text("ID")), Name: clip(cmp.Or(oneLine(f.row.Text("PROCESS_NAME")), f.key)), Source: fromEarlier, DeployedBy: by,
		DeployedAt: e.now, Resources: []store.Resource{{Name: clip(name), Content: content}}, // start timers count from now
	}
	model, err := e.Workflow.ReadForeign(d, e.options.Listeners)
	if err != nil {
		return err
	}
	for _, column := range []string{"UPDATE_TIME", "PUBLISH_TIME", "DEPLOYED_AT"} {
		if at := f.row.Time(column); !at.IsZero() {
			d.DeployedAt = at
		}
	}
	camunda := f.row.Text("PROCESS_DEFINITION_ID")
	l, x := e.definition(ctx, d, model, foreign.Row{
		"ID_": cmp.Or(camunda, "diom:"+f.row.Text("ID")), "KEY_": f.key, "VERSION_": int64(f.version), "RESOURCE_NAME_": clip(name),
	})
	if len(d.Definitions) > 0 {
		d.Definitions[0].ID = f.definition
	}
	x.id = f.definition
	l.Kind, l.ID = "design", f.row.Text("ID")
	for _, other := range slices.Sorted(maps.Keys(model.Processes)) {
		if other != f.key {
			l.Notes = append(l.Notes, "the process "+other+" of the same model is not taken")
		}
	}
	return e.keep(ctx, d, []Line{l}, map[string]definition{camunda: x})
}
