package openapi

import (
	"net/http"
	"regexp"
	"strings"
	"time"
)

// deliver sets up how notifications leave the product, and looks at those that did.
func deliver(s *session) {
	const channels, words = " /api/v1/channels", " /api/v1/notification-templates/task.assigned/en"
	hook := value{"name": "crm", "kind": "webhook", "url": "https://crm.example/hooks", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "types": []string{"task.assigned"}}
	made := s.at(s.do("admin", "POST"+channels, hook, "Idempotency-Key", "channel"), "id")
	s.refused(http.StatusConflict, "admin", "POST"+channels, hook)
	s.refused(http.StatusUnprocessableEntity, "admin", "POST"+channels, value{"name": "x", "kind": "pigeon"})
	s.do("admin", "GET"+channels+"?limit=1&count=true", nil)
	one := channels + "/" + made
	s.do("admin", "GET"+one, nil)
	s.do("admin", "PUT"+one, value{"url": "http://127.0.0.1/hooks"})
	s.refused(http.StatusNotFound, "admin", "PUT"+channels+"/"+nothing, value{})
	s.do("admin", "POST"+one+"/test", value{})
	s.refused(http.StatusNotFound, "admin", "POST"+channels+"/"+nothing+"/test", value{})
	s.do("sunqi", "GET /api/v1/notification-preferences", nil)
	s.do("sunqi", "PUT /api/v1/notification-preferences", value{"language": "en", "quietFrom": "22:00", "quietTo": "07:00", "kinds": value{"task.assigned": value{made: "now"}}})
	s.refused(http.StatusUnprocessableEntity, "sunqi", "PUT /api/v1/notification-preferences", value{"language": "fr"})
	s.do("admin", "GET /api/v1/notification-templates", nil)
	s.do("admin", "GET"+words, nil)
	s.do("admin", "POST"+words+"/preview", value{"title": "Task: {subject}", "text": "For {recipient}"})
	s.do("admin", "PUT"+words, value{"title": "Task: {subject}", "text": "For {recipient}"})
	s.refused(http.StatusUnprocessableEntity, "admin", "PUT"+words, value{"title": "{password}", "text": "x"})
	s.refused(http.StatusNotFound, "admin", "GET /api/v1/notification-templates/task.assigned/fr", nil)
	s.do("admin", "DELETE"+words, nil)
	s.start("leave", value{"days": 3})
	failed := s.eventually("admin", "GET /api/v1/deliveries?limit=1&count=true&state=failed", some)
	s.do("admin", "POST /api/v1/deliveries/"+s.at(failed, "items.0.id")+"/resend", nil, "Idempotency-Key", "resend")
	s.refused(http.StatusNotFound, "admin", "POST /api/v1/deliveries/"+nothing+"/resend", nil)
	s.do("admin", "DELETE"+one, nil)
	decide(s)
	s.refused(http.StatusNotFound, "admin", "DELETE"+one, nil)
}

var taskLink = regexp.MustCompile(`/api/v1/task-links/[A-Za-z0-9_.-]+`)

// unfolded takes back how a mail breaks lines (RFC 2045 §6.7), and doubles a dot at the beginning of one (RFC 5321 §4.5.2).
var unfolded = strings.NewReplacer("=\r\n..", ".", "=\r\n", "")

// decide completes a task by the link in a mail.
func decide(s *session) {
	s.do("admin", "POST /api/v1/channels", value{"name": "mail", "kind": "mail", "types": []string{"task.assigned"}})
	s.start("broken", value{"manager": "zhaolei"})
	for deadline := time.Now().Add(waitLimit); ; time.Sleep(50 * time.Millisecond) {
		for _, mail := range s.mails.Kept() {
			path := taskLink.FindString(unfolded.Replace(mail))
			if path == "" {
				continue
			}
			s.do("", "GET "+path, nil)
			s.refused(http.StatusUnprocessableEntity, "", "POST "+path, value{"outcome": "approve"})
			s.do("", "POST "+path, value{"outcome": "complete", "comment": "好的"})
			s.refused(http.StatusConflict, "", "POST "+path, value{"outcome": "complete"})
			s.refused(http.StatusNotFound, "", "GET "+path+"x", nil)
			return
		}
		if time.Now().After(deadline) {
			s.Fatal("no mail with a link")
		}
	}
}
