package attacks

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"diom.io/workflow/test/producttest"
)

// raw sends bytes as they are and returns what comes back until the other side closes, or says nothing for a while.
func raw(url, text string) string {
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		return err.Error()
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(2 * time.Second)) // a loopback connection takes one
	_, _ = io.WriteString(conn, text)                     // the other side may have closed already
	answer, _ := io.ReadAll(conn)                         // what came before the deadline counts
	return string(answer)
}

// listening is a twin that reads HTTP in a way of its own: answer gets a head and what follows it on the wire.
func listening(r *rig, answer func(head, rest string) string) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(time.Second))
				reader := bufio.NewReader(conn)
				head := ""
				for !strings.HasSuffix(head, "\r\n\r\n") {
					line, err := reader.ReadString('\n')
					if head += line; err != nil {
						break
					}
				}
				rest, _ := reader.Peek(reader.Buffered())
				_, _ = io.WriteString(conn, answer(head, string(rest)))
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

// smuggled is a request that hides in the body of another one.
const smuggled = "GET /api HTTP/1.1\r\nHost: x\r\nX-Smuggled: yes\r\nConnection: close\r\n\r\n"

// smuggling says twice, and differently, where a request ends.
var smuggling = class{"request-smuggling", func(*rig) []attack {
	head := "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
	var all []attack
	for name, text := range map[string]string{
		"CL.TE":             head + fmt.Sprintf("Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n%s", 5+len(smuggled), smuggled),
		"TE.CL":             head + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + smuggled,
		"TE.TE":             head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + smuggled,
		"TE unknown":        head + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + smuggled,
		"TE list":           head + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + smuggled,
		"TE tab":            head + "Transfer-Encoding:\tchunked\x0b\r\nContent-Length: 2\r\n\r\n{}" + smuggled,
		"two lengths":       head + "Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}" + smuggled,
		"list of lengths":   head + "Content-Length: 2, 40\r\n\r\n{}" + smuggled,
		"signed length":     head + "Content-Length: +2\r\n\r\n{}" + smuggled,
		"negative length":   head + "Content-Length: -2\r\n\r\n{}" + smuggled,
		"hexadecimal":       head + "Content-Length: 0x2\r\n\r\n{}" + smuggled,
		"space in name":     head + "Content-Length : 2\r\n\r\n{}" + smuggled,
		"folded":            head + "Transfer-Encoding:\r\n chunked\r\nContent-Length: 2, 2\r\n\r\n{}" + smuggled,
		"bare CR":           head + "X: a\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
		"huge chunk":        head + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n" + smuggled,
		"chunk of minus":    head + "Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n" + smuggled,
		"NUL in a header":   head + "X: a\x00b\r\nContent-Length: 0\r\n\r\n" + smuggled,
		"no host":           "GET /api HTTP/1.1\r\n\r\n" + smuggled,
		"two hosts":         "GET /api HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n" + smuggled,
		"another version":   "GET /api HTTP/9.9\r\nHost: x\r\n\r\n" + smuggled,
		"space in the path": "GET /api /x HTTP/1.1\r\nHost: x\r\n\r\n" + smuggled,
	} {
		framed := name == "TE.CL" || name == "CL.TE" // chunks win (RFC 9112 §6.3): what follows is another request
		all = append(all, attack{name, func(t *target) string {
			answer := raw(t.url, text)
			if strings.Contains(answer, "HTTP/1.1 200") && !framed {
				return fmt.Sprintf("what was hidden is answered: %.300s", answer)
			}
			if strings.Contains(answer, "HTTP/1.1 500") {
				return answer
			}
			return ""
		}})
	}
	return all
}, func(r *rig) string {
	return listening(r, func(string, string) string {
		return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
	})
}}

// methodOverride asks for another method than the one that the guards see.
var methodOverride = class{"method-override", func(r *rig) []attack {
	group := "/api/v1/groups/" + r.ids["groups"]
	stays := func(do func(*target) (producttest.Answer, error)) func(*target) string {
		return func(t *target) string {
			answer, err := do(t)
			if err == nil && exposed(answer) != "" {
				return exposed(answer)
			}
			if left, err := t.send("admin", "GET", group, nil); err != nil || left.Status != http.StatusOK {
				return fmt.Sprintf("it is gone: %d %v", left.Status, err)
			}
			return ""
		}
	}
	var all []attack
	for _, header := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-Method", "X-Rewrite-Method"} {
		for _, method := range []string{"GET", "POST", "PUT"} {
			all = append(all, attack{method + " " + header, stays(func(t *target) (producttest.Answer, error) {
				return t.send("admin", method, group, nil, header, "DELETE")
			})})
		}
	}
	for _, query := range []string{"?_method=DELETE", "?method=DELETE", "?X-HTTP-Method-Override=DELETE"} {
		all = append(all, attack{query, stays(func(t *target) (producttest.Answer, error) { return t.send("admin", "GET", group+query, nil) })})
	}
	for _, method := range []string{"TRACE", "CONNECT", "PATCH", "PROPFIND", "DEBUG", "TRACK", "JEFF", "delete"} {
		all = append(all, request(method, call{"admin", method, group, nil}, func(a producttest.Answer) string {
			if a.Status < http.StatusBadRequest || strings.Contains(string(a.Body), "Bearer") {
				return fmt.Sprintf("%d %.200s", a.Status, a.Body)
			}
			return ""
		}))
	}
	return all
}, answering(http.StatusNotFound, `{"gone":true}`)}

// hostPoisoning lets the attacker's host into links that others get.
var hostPoisoning = class{"host-poisoning", func(*rig) []attack {
	var all []attack
	for _, page := range []string{"/", "/api", "/openapi.yaml", "/nowhere", "/auth/userinfo", "/api/v1/home", "/.well-known/jwks.json"} {
		for _, header := range []string{
			"Host: evil.example", "Host: x\r\nX-Forwarded-Host: evil.example", "Host: x\r\nX-Host: evil.example", "Host: x\r\nForwarded: host=evil.example",
			"Host: x\r\nX-Forwarded-Server: evil.example", "Host: x\r\nX-Original-URL: http://evil.example/", "Host: x\r\nReferer: http://evil.example/",
		} {
			all = append(all, attack{page + " " + header, func(t *target) string {
				answer := raw(t.url, "GET "+page+" HTTP/1.1\r\n"+header+"\r\nAuthorization: Bearer "+t.tokens["zhangwei"]+"\r\nConnection: close\r\n\r\n")
				if strings.Contains(answer, "evil.example") {
					return "the answer leads to evil.example"
				}
				if !strings.HasPrefix(answer, "HTTP/1.1 ") || strings.HasPrefix(answer, "HTTP/1.1 5") {
					return fmt.Sprintf("%.200s", answer)
				}
				return ""
			}})
		}
	}
	return all
}, func(r *rig) string {
	return listening(r, func(head, _ string) string {
		return "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://" + strings.ReplaceAll(head, "\r\n", " ") + "\r\n\r\n"
	})
}}

// foreignOrigins are pages of other sites that want to read answers.
var foreignOrigins = class{"foreign-origins", func(*rig) []attack {
	var all []attack
	for _, origin := range []string{"https://evil.example", "null", "http://localhost", "file://", "https://flow.example.evil.example"} {
		for _, path := range []string{"/auth/login", "/auth/refresh", "/api/v1/home", "/auth/userinfo"} {
			for _, method := range []string{"OPTIONS", "GET"} {
				all = append(all, request(method+" "+path+" from "+origin, call{"zhangwei", method, path, nil}, func(a producttest.Answer) string {
					if allowed := a.Header.Get("Access-Control-Allow-Origin"); allowed != "" {
						return "allowed is " + allowed
					}
					return ""
				}, "Origin", origin, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization"))
			}
		}
	}
	return all
}, answering(http.StatusOK, "{}", "Access-Control-Allow-Origin", "*")}
