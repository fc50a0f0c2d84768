package openapi

import (
	"encoding/json"
	"net/http"
	"time"
)

// backups lists what there is, and begins a backup and a check of one.
func backups(s *session) {
	var made string
	s.refused(http.StatusForbidden, "lina", "POST /api/v1/backups", nil)
	for end := time.Now().Add(time.Minute); made == ""; time.Sleep(200 * time.Millisecond) { // the schedule may make the first one just now
		if a := s.send("admin", "POST /api/v1/backups", nil); a.Status == http.StatusAccepted {
			var accepted value
			if err := json.Unmarshal(a.Body, &accepted); err != nil {
				s.Fatal(err)
			}
			made = s.at(accepted, "id")
		} else if a.Status != http.StatusConflict || time.Now().After(end) {
			s.Fatalf("POST /api/v1/backups: %d %.300s", a.Status, a.Body)
		}
	}
	find := "GET /api/v1/backups?kind=full&limit=5&count=true"
	s.refused(http.StatusForbidden, "lina", find, nil)
	s.refused(http.StatusBadRequest, "admin", "GET /api/v1/backups?kind=half", nil)
	is := func(field, want string) bool { return s.at(s.do("admin", find, nil), "items.0."+field) == want }
	for end := time.Now().Add(time.Minute); !is("state", "whole") && time.Now().Before(end); {
		time.Sleep(200 * time.Millisecond)
	}
	s.do("admin", "POST /api/v1/backups/"+made+"/verify", nil)
	s.refused(http.StatusNotFound, "admin", "POST /api/v1/backups/"+nothing+"/verify", nil)
	for end := time.Now().Add(time.Minute); !is("verified", "passed"); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatal("no check has come to an end")
		}
	}
}
