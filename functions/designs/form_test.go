package designs

import (
	"encoding/json"
	"strings"
	"testing"

	"diom.io/workflow/shared/design"
	"diom.io/workflow/shared/store"
	"diom.io/workflow/shared/workflow"
)

// The design of a form is published as a form, whose versions count up where its content is another one.
func TestDesignOfAFormIsPublishedAsAForm(t *testing.T) {
	t.Parallel()
	s := open(t)
	const content = `{"id": "trip", "type": "default", "components": [{"type": "textfield", "key": "city"}]}`
	call := s.Call("zhouming")
	d, err := s.App.Design.Create(t.Context(), call, design.NewDesign{Kind: store.DesignForm, Key: "trip", Name: "出差", Content: content})
	if err != nil {
		t.Fatal(err)
	}
	publish := func(version int) {
		t.Helper()
		raw, err := s.App.Design.Publish(t.Context(), call, d.ID, design.Publishing{}, 0)
		var answer workflow.DeploymentAnswer
		if err == nil {
			err = json.Unmarshal(raw, &answer)
		}
		if err != nil || len(answer.Forms) != 1 || answer.Forms[0].Key != "trip" || answer.Forms[0].Version != version {
			t.Fatalf("%+v %v", answer.Forms, err)
		}
		form, err := s.App.Workflow.Form(t.Context(), answer.Forms[0].ID)
		if err != nil || !form.Latest || form.Version != version {
			t.Errorf("%+v %v", form, err)
		}
	}
	publish(1)
	publish(1) // the same content is the same version
	s.save(d, strings.Replace(content, "city", "town", 1))
	publish(2)
}
