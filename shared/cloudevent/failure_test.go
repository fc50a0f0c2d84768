package cloudevent

import (
	"encoding/base64"
	"net/http"
	"testing"
)

// A broker of Knative says why it gives an event up in three attributes; the answer is in base64.
func TestFailure(t *testing.T) {
	t.Parallel()
	encoded := base64.StdEncoding.EncodeToString([]byte(`{"code":"gone"}`))
	for name, tc := range map[string]struct {
		destination, status, answer string
		want                        Failure
	}{
		"all":         {"http://notify.diom.svc.cluster.local/events", "422", encoded, Failure{"http://notify.diom.svc.cluster.local/events", "422", `{"code":"gone"}`}},
		"no answer":   {"http://notify", "", "", Failure{Destination: "http://notify"}},
		"plain":       {"http://notify", "500", "not base64!", Failure{"http://notify", "500", "not base64!"}},
		"no text":     {"http://notify", "500", base64.StdEncoding.EncodeToString([]byte{'a', 0xff, 'b'}), Failure{"http://notify", "500", "a�b"}},
		"no failure":  {"", "", "", Failure{}},
		"status only": {"", "500", "", Failure{Status: "500"}},
	} {
		header := http.Header{"Ce-Specversion": {"1.0"}, "Ce-Id": {"1"}, "Ce-Source": {"/diom/test"}, "Ce-Type": {TypeTaskCreated}}
		for attribute, value := range map[string]string{"Knativeerrordest": tc.destination, "Knativeerrorcode": tc.status, "Knativeerrordata": tc.answer} {
			if value != "" {
				header["Ce-"+attribute] = []string{value}
			}
		}
		list, _, err := Read(header, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := list[0].Failure(); got != tc.want {
			t.Errorf("%s: %+v, want %+v", name, got, tc.want)
		}
	}
}
