package gateway

import (
	"strings"

	"maragu.dev/gomponents"
	"maragu.dev/gomponents/html"

	"diom.io/workflow/shared/access"
)

// text is a text of the pages by its key.
func (v view) text(key string) gomponents.Node { return gomponents.Text(v.Text[key]) }

// homePage leads on: what this is, whether it works, who may try it, the first steps.
func (v view) homePage() []gomponents.Node {
	return []gomponents.Node{
		html.H1(v.text("title")),
		html.P(v.text("what")),
		html.P(
			html.A(html.Href("/api"), v.text("api")), gomponents.Text(" "),
			html.Span(html.Class("soft"), gomponents.Textf("(%d %s)", v.Routes, v.Text["routes"])),
			gomponents.Text(" · "), html.A(html.Href("/openapi.yaml"), gomponents.Text("OpenAPI")),
		),
		v.state(),
		gomponents.Iff(v.Demo, v.accounts),
		v.firstSteps(),
	}
}

// state says whether the functions answer.
func (v view) state() gomponents.Node {
	all := html.P(html.Class("bad"), v.text("notReady"))
	if v.Ready {
		all = html.P(html.Class("good"), v.text("allReady"))
	}
	return card(
		html.H2(v.text("status")), all,
		html.Table(gomponents.Map(v.Status, func(s functionStatus) gomponents.Node {
			is := html.Span(html.Class("bad"), v.text("down"))
			switch {
			case s.Ready > 0 && s.Replicas > 1:
				is = html.Span(html.Class("good"), gomponents.Textf("%d %s %d %s", s.Ready, v.Text["of"], s.Replicas, v.Text["ready"]))
			case s.Ready > 0:
				is = html.Span(html.Class("good"), v.text("ready"))
			}
			return html.Tr(html.Td(code(s.Name)), html.Td(is))
		})),
	)
}

// accounts are those of the demo.
func (v view) accounts() gomponents.Node {
	return card(
		html.H2(v.text("accounts")),
		html.P(v.text("accountsHint"), gomponents.Text(" "), code(v.Password)),
		html.Table(
			html.Tr(html.Th(v.text("username")), html.Th(v.text("name")), html.Th(html.Class("wide"), v.text("position")), html.Th(v.text("roles"))),
			gomponents.Map(v.Accounts, func(a access.DemoAccount) gomponents.Node {
				return html.Tr(
					html.Td(code(a.Username)), html.Td(gomponents.Text(a.DisplayName)), html.Td(html.Class("wide"), gomponents.Text(a.Title)),
					html.Td(gomponents.Text(strings.Join(a.Roles, ", "))),
				)
			}),
		),
	)
}

// firstSteps are commands, from the log-in to the history. $BASE in them is where the caller reached us.
func (v view) firstSteps() gomponents.Node {
	return card(
		html.H2(v.text("steps")),
		html.P(html.Class("soft"), v.text("stepsHint"), gomponents.If(!v.Demo, gomponents.Text(" "+v.Text["noDemo"]))),
		html.Ol(
			v.step("stepLogin", v.logIn()),
			v.step("stepDeploy", `curl -s $BASE/api/v1/deployments -H "Authorization: Bearer $DESIGNER" -F file=@examples/leave/leave.bpmn`),
			v.step("stepStart", `curl -s $BASE/api/v1/processes/leave/start -H "Authorization: Bearer $EMPLOYEE" \
  -H 'Content-Type: application/json' -d '{"businessKey":"LEAVE-1","variables":{"days":2,"reason":"family"}}'`),
			v.step("stepInbox", `curl -s "$BASE/api/v1/tasks?view=claimable" -H "Authorization: Bearer $MANAGER"
curl -s "$BASE/api/v1/tasks?view=todo" -H "Authorization: Bearer $MANAGER"`),
			v.step("stepComplete", `TASK=$(curl -s "$BASE/api/v1/tasks?view=claimable" -H "Authorization: Bearer $MANAGER" | sed 's/.*"items":\[{"id":"\([^"]*\)".*/\1/')
curl -s -X POST $BASE/api/v1/tasks/$TASK/claim -H "Authorization: Bearer $MANAGER"
curl -s $BASE/api/v1/tasks/$TASK/complete -H "Authorization: Bearer $MANAGER" \
  -H 'Content-Type: application/json' -H "Idempotency-Key: $TASK" -d '{"variables":{"approved":true},"comment":"ok"}'`),
			v.step("stepHistory", `curl -s "$BASE/api/v1/instances" -H "Authorization: Bearer $EMPLOYEE"`),
		),
	)
}

// logIn is a command that keeps the tokens of those who take part.
func (v view) logIn() string {
	password, people := "$2", "DESIGNER=$(login user password); EMPLOYEE=$DESIGNER; MANAGER=$DESIGNER"
	if v.Demo {
		password, people = v.Password, "DESIGNER=$(login zhouming); EMPLOYEE=$(login zhangwei); MANAGER=$(login wangfang)"
	}
	return `login() { curl -s $BASE/auth/login -H 'Content-Type: application/json' \
  -d "{\"username\":\"$1\",\"password\":\"` + password + `\"}" | sed 's/.*"accessToken":"\([^"]*\)".*/\1/'; }
` + people
}

// step is a command with what it does.
func (v view) step(key, command string) gomponents.Node {
	return html.Li(v.text(key), html.Pre(gomponents.Text(strings.ReplaceAll(command, "$BASE", v.Base))))
}

// apiPage lists the routes of each function.
func (v view) apiPage() []gomponents.Node {
	return []gomponents.Node{
		html.P(html.A(html.Href("/"), v.text("back"))),
		html.H1(v.text("api")),
		html.P(gomponents.Text(v.Text["apiHint"] + " " + v.Text["json"])),
		gomponents.Map(v.Groups, func(of group) gomponents.Node {
			return card(
				html.H2(code(of.Function)),
				html.Table(
					html.Tr(html.Th(v.text("route")), html.Th(v.text("does")), html.Th(html.Class("wide"), v.text("permission"))),
					gomponents.Map(of.Routes, func(r Route) gomponents.Node {
						return html.Tr(
							html.Td(html.Code(html.Span(html.Class("method"), gomponents.Text(r.Method)), gomponents.Text(" "+r.Pattern))),
							html.Td(gomponents.Text(r.Summary)), html.Td(html.Class("wide"), code(r.Permission)),
						)
					}),
				),
			)
		}),
	}
}

// missingPage is for an address at which nothing is served.
func (v view) missingPage() []gomponents.Node {
	return []gomponents.Node{
		html.H1(v.text("missing")),
		html.P(v.text("missingHint"), gomponents.Text(" "), code(v.Path)),
		html.P(html.A(html.Href("/"), v.text("back")), gomponents.Text(" · "), html.A(html.Href("/api"), v.text("api"))),
	}
}

func card(content ...gomponents.Node) gomponents.Node {
	return html.Section(append([]gomponents.Node{html.Class("card")}, content...)...)
}

func code(text string) gomponents.Node { return html.Code(gomponents.Text(text)) }
