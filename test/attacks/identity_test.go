package attacks

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/shared/cloudevent"
	"diom.io/workflow/test/producttest"
)

const (
	eventSource = "https://prey.example/source"
	eventKey    = "a key of the source of the attacks"
)

// signedEvent is one that the product takes, but for what change does before, and spoil after, it is signed.
func signedEvent(id string, at time.Time, change, spoil func(*event.Event)) event.Event {
	e := event.New()
	e.SetID(id)
	e.SetSource(eventSource)
	e.SetType("com.example.prey.v1")
	e.SetTime(time.Now().UTC())
	e.SetExtension("businesskey", "prey")
	e.SetDataContentType(event.ApplicationJSON)
	e.DataEncoded = []byte(`{"amount":1}`)
	if change != nil {
		change(&e)
	}
	cloudevent.Sign(&e, "k1", []byte(eventKey), at)
	if spoil != nil {
		spoil(&e)
	}
	return e
}

func extension(name, value string) func(*event.Event) {
	return func(e *event.Event) { e.SetExtension(name, value) }
}

// forgedEvents come without a signature, with one of something else, or of another time.
var forgedEvents = class{"event-signatures", func(*rig) []attack {
	var all []attack
	now := time.Now()
	mac := func(e event.Event) string { s, _ := e.Extensions()[cloudevent.SignatureAttribute].(string); return s }
	other := signedEvent("other", now, nil, nil)
	for name, e := range map[string]event.Event{
		"unsigned":         signedEvent("1", now, nil, func(e *event.Event) { e.SetExtension(cloudevent.SignatureAttribute, nil) }),
		"without the time": signedEvent("2", now, nil, func(e *event.Event) { e.SetExtension(cloudevent.SignedAttribute, nil) }),
		"of another event": signedEvent("3", now, nil, extension(cloudevent.SignatureAttribute, mac(other))),
		"another key":      signedEvent("4", now, nil, func(e *event.Event) { cloudevent.Sign(e, "k1", []byte("another key of 32 characters here"), now) }),
		"unknown key id":   signedEvent("5", now, nil, func(e *event.Event) { cloudevent.Sign(e, "k2", []byte(eventKey), now) }),
		"empty key id":     signedEvent("6", now, nil, func(e *event.Event) { cloudevent.Sign(e, "", nil, now) }),
		"changed data":     signedEvent("7", now, nil, func(e *event.Event) { e.DataEncoded = []byte(`{"amount":1000000}`) }),
		"changed id":       signedEvent("8", now, nil, func(e *event.Event) { e.SetID("8x") }),
		"changed type":     signedEvent("9", now, nil, func(e *event.Event) { e.SetType("com.example.other.v1") }),
		"changed source":   signedEvent("10", now, nil, func(e *event.Event) { e.SetSource("https://prey.example/source/") }),
		"unknown source":   signedEvent("11", now, func(e *event.Event) { e.SetSource("https://evil.example") }, nil),
		"changed subject":  signedEvent("12", now, nil, func(e *event.Event) { e.SetSubject("instances/1") }),
		"changed key":      signedEvent("13", now, nil, extension("businesskey", "other")),
		"changed signing":  signedEvent("14", now, nil, extension(cloudevent.SignedAttribute, now.Add(time.Minute).UTC().Format(time.RFC3339Nano))),
		"31 days old":      signedEvent("15", now.Add(-31*24*time.Hour), nil, nil),
		"of tomorrow":      signedEvent("16", now.Add(24*time.Hour), nil, nil),
		"of year 9999":     signedEvent("17", time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), nil, nil),
		"v0": signedEvent("18", now, nil, func(e *event.Event) {
			e.SetExtension(cloudevent.SignatureAttribute, strings.Replace(mac(*e), "v1", "v0", 1))
		}),
		"cut":                 signedEvent("19", now, nil, func(e *event.Event) { e.SetExtension(cloudevent.SignatureAttribute, mac(*e)[:40]) }),
		"with more":           signedEvent("20", now, nil, func(e *event.Event) { e.SetExtension(cloudevent.SignatureAttribute, mac(*e)+",x") }),
		"empty mac":           signedEvent("21", now, nil, extension(cloudevent.SignatureAttribute, "v1,k1,")),
		"no hexadecimal":      signedEvent("22", now, nil, extension(cloudevent.SignatureAttribute, "v1,k1,zz")),
		"type not allowed":    signedEvent("23", now, func(e *event.Event) { e.SetType("com.example.not.allowed.v1") }, nil),
		"an internal type":    signedEvent("24", now, func(e *event.Event) { e.SetType("io.diom.workflow.timer.due.v1"); e.SetSource("/diom/local") }, nil),
		"line feed in the id": signedEvent("25\nhttps://evil.example", now, nil, func(e *event.Event) { e.SetID("25") }),
	} {
		all = append(all, request(name, call{"", "POST", "/api/v1/events", e}, refused(), "Content-Type", event.ApplicationCloudEventsJSON),
			request(name+" in a batch", call{"", "POST", "/api/v1/events", []event.Event{e}}, refused(), "Content-Type", event.ApplicationCloudEventsBatchJSON))
	}
	return append(all, attack{"replayed", replayed})
}, answering(http.StatusAccepted, "")}

// replayed sends a good event twice: the second has no effect.
func replayed(t *target) string {
	e := signedEvent("replayed", time.Now(), nil, nil)
	for range 2 {
		answer, err := t.send("", "POST", "/api/v1/events", e, "Content-Type", event.ApplicationCloudEventsJSON)
		if err != nil || exposed(answer) != "" {
			return fmt.Sprint(err, exposed(answer))
		}
	}
	if n := t.judge.Count("SELECT COUNT(*) FROM workflow_inbox WHERE event_id = 'replayed'"); n > 1 {
		return fmt.Sprintf("it is kept %d times", n)
	}
	return ""
}

// likenesses are names that look like admin's, or that some comparison takes for it.
var likenesses = []string{
	"ADMIN", "Admin", "аdmin", "admin\u200b", "\ufeffadmin", "admin ", " admin", "admin\t", "admin\n", "admin\x00", "ａｄｍｉｎ", "𝐚𝐝𝐦𝐢𝐧", "ádmin", "a\u0301dmin", "admın", "admin\u202e", "admin.", "admin/", "admin%00", "adm\u00adin",
	"ⓐdmin", "admin'", "admin--", "admin#", "admiń",
}

// confusableNames log in under names that are not admin's with the password that is.
var confusableNames = class{"confusables", func(*rig) []attack {
	var all []attack
	for _, name := range likenesses {
		all = append(all,
			request(fmt.Sprintf("log-in %q", name), call{"", "POST", "/auth/login", object{"username": name, "password": demoPassword}}, refused()),
			attack{fmt.Sprintf("user %q", name), func(t *target) string {
				body := object{"username": name, "password": "a-Passw0rd-12345", "displayName": "x"}
				answer, err := t.send("admin", "POST", "/api/v1/users", body)
				if err != nil || exposed(answer) != "" {
					return fmt.Sprint(err, exposed(answer))
				}
				if answer.Status < http.StatusBadRequest && at(answer, "username") != name {
					return "it became " + at(answer, "username")
				}
				return ""
			}},
		)
	}
	return all
}, answering(http.StatusOK, `{"username":"admin","accessToken":"x"}`)}

// logInjection writes lines of the attacker's into the log. TestAttacks holds in the end that each line is one entry.
var logInjection = class{"log-injection", func(*rig) []attack {
	var all []attack
	for i, text := range []string{"\n{\"level\":\"ERROR\",\"msg\":\"forged\"}", "\r\n127.0.0.1 forged", "\x1b[2J\x1b[31mforged", "\u2028forged", "\",\"level\":\"ERROR\",\"msg\":\"forged", "${jndi:ldap://127.0.0.1/forged}", "%n%s forged", "\u0085forged"} {
		mark := fmt.Sprintf("mark%d", i)
		for place, send := range map[string]func(*target) error{
			"user name": func(t *target) error {
				_, err := t.send("", "POST", "/auth/login", object{"username": mark + text, "password": "x"})
				return err
			},
			"path": func(t *target) error { _, err := t.send("", "GET", "/"+mark+escaped(text), nil); return err },
			"query": func(t *target) error {
				_, err := t.send("admin", "GET", "/api/v1/users?sort="+mark+escaped(text), nil)
				return err
			},
			"message": func(t *target) error {
				_, err := t.send("admin", "POST", "/api/v1/messages", object{"name": mark + text})
				return err
			},
			"agent": func(t *target) error {
				raw(t.url, "GET /"+mark+" HTTP/1.1\r\nHost: x\r\nUser-Agent: "+strings.NewReplacer("\n", " ", "\r", " ").Replace(text)+"\r\nConnection: close\r\n\r\n")
				return nil
			},
		} {
			all = append(all, attack{place + " " + text, func(t *target) string {
				if err := send(t); err != nil {
					return err.Error()
				}
				lines := t.process.Logged("forged")
				if t.url != t.process.URL {
					lines = strings.Split(text, "\n") // the twin writes what it gets
				}
				for _, line := range lines {
					var entry object
					if err := json.Unmarshal([]byte(line), &entry); err != nil || entry["msg"] == "forged" || strings.ContainsRune(line, '\x1b') {
						return "the log has the line " + line
					}
				}
				return ""
			}})
		}
	}
	return all
}, answering(http.StatusOK, "{}")}

func escaped(text string) string {
	var out strings.Builder
	for _, b := range []byte(text) {
		fmt.Fprintf(&out, "%%%02x", b)
	}
	return out.String()
}

// userEnumeration asks for people that there are and for some that there are not: nothing may tell them apart. That the
// same work is done for both is held by the tests of shared/access, without a clock.
var userEnumeration = class{"enumeration", func(*rig) []attack {
	var all []attack
	seen := func(a producttest.Answer) string {
		var p object
		_ = json.Unmarshal(a.Body, &p) // what is no JSON has no fields
		delete(p, "traceId")
		delete(p, "instance")
		names := []string{}
		for name := range a.Header {
			names = append(names, name)
		}
		slices.Sort(names)
		return fmt.Sprint(a.Status, p, names)
	}
	for i, known := range []string{"zhaolei", "chenjing", "sunqi", "zhouming", "wuqiang", "lina"} {
		for _, path := range []string{"/auth/login", "/api/v1/auth/login"} {
			all = append(all, attack{path + " " + known, func(t *target) string {
				there, err := t.send("", "POST", path, object{"username": known, "password": "wrong-Passw0rd"})
				if err != nil {
					return err.Error()
				}
				absent, err := t.send("", "POST", path, object{"username": fmt.Sprintf("nobody%d", i), "password": "wrong-Passw0rd"})
				if err != nil {
					return err.Error()
				}
				if a, b := seen(there), seen(absent); a != b {
					return fmt.Sprintf("%s is told from nobody: %s, %s", known, a, b)
				}
				return ""
			}})
		}
		all = append(all, attack{"Basic " + known, func(t *target) string {
			there, err := t.send("", "GET", "/engine-rest/task", nil, "Authorization", basic(known))
			if err != nil {
				return err.Error()
			}
			absent, err := t.send("", "GET", "/engine-rest/task", nil, "Authorization", basic(fmt.Sprintf("noone%d", i)))
			if err != nil {
				return err.Error()
			}
			if a, b := seen(there), seen(absent); a != b {
				return fmt.Sprintf("%s is told from nobody: %s, %s", known, a, b)
			}
			return ""
		}})
	}
	return all
}, twinned(func(w http.ResponseWriter, q *http.Request) {
	var body struct{ Username string }
	_ = json.NewDecoder(q.Body).Decode(&body) // another request has none
	w.WriteHeader(http.StatusUnauthorized)
	if name, _, _ := q.BasicAuth(); strings.HasPrefix(body.Username+name, "no") {
		fmt.Fprint(w, `{"detail":"no such user"}`)
	}
})}

func basic(name string) string {
	q := http.Request{Header: http.Header{}}
	q.SetBasicAuth(name, "wrong-Passw0rd")
	return q.Header.Get("Authorization")
}
