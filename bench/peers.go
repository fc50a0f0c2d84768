package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
)

// peer is another engine that does the same work: an instance with one user task, from start to end.
type peer struct {
	name   string
	target float64 // how many times its rate ours should be
	base   string
	client *http.Client
	// deploy makes the model known; instance does one whole instance.
	deploy   func(context.Context, *peer) error
	instance func(context.Context, *peer) error
}

// peerDrivers are the kinds of peers and how many times their rate ours should be.
var peerDrivers = map[string]peer{
	"camunda7": {target: 10, deploy: deployCamunda, instance: camundaInstance},
}

func peerKinds() []string { return slices.Sorted(maps.Keys(peerDrivers)) }

func (o options) engines() ([]*peer, error) {
	var list []*peer
	for text := range strings.SplitSeq(o.peers, ",") {
		kind, base, found := strings.Cut(text, "=")
		driver, known := peerDrivers[kind]
		switch {
		case text == "":
		case !found || !known:
			return nil, fmt.Errorf("-peers: %q is not kind=base URL; kinds: %s", text, strings.Join(peerKinds(), ", "))
		default:
			p := driver
			p.name, p.base = kind, strings.TrimSuffix(base, "/")
			p.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: o.connections}}
			list = append(list, &p)
		}
	}
	return list, nil
}

// measurePeers is goal 4. Without peers it has no line: what was not measured is neither met nor missed.
func measurePeers(ctx context.Context, s *servers, o options) ([]Goal, error) {
	list, err := o.engines()
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		say("goal 4: skipped: no -peers")
		return nil, nil
	}
	r, err := openRig(ctx, s, o, "peers")
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.close() }() // the answer is known by then
	var goals []Goal
	for _, p := range list {
		found, err := r.against(ctx, o, p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		goals = append(goals, found...)
	}
	return goals, nil
}

// against lets the product and a peer take turns.
func (r *rig) against(ctx context.Context, o options, p *peer) ([]Goal, error) {
	if err := p.deploy(ctx, p); err != nil {
		return nil, err
	}
	theirs := func(int) error { return p.instance(ctx, p) }
	for _, operation := range []func(int) error{r.instance, theirs} {
		if l := atOnce(ctx, o.connections, 3*warmUp, operation); l.failed > 0 {
			return nil, l.first
		}
	}
	detail := map[string]float64{}
	var rates, tails []float64
	var got [2]latencies
	if err := turns(o.rounds, func(k int) error {
		got[k] = atOnce(ctx, o.connections, o.time, []func(int) error{r.instance, theirs}[k])
		return got[k].first
	}, func(round int) {
		rates, tails = append(rates, got[0].perSecond()/got[1].perSecond()), append(tails, got[0].at(0.99)/got[1].at(0.99))
		got[0].into(detail, "product, instances")
		got[1].into(detail, p.name+", instances")
		say("goal 4: %s: round %d of %d: %.0f/s, product %.0f/s", p.name, round, o.rounds, got[1].perSecond(), got[0].perSecond())
	}); err != nil {
		return nil, err
	}
	rate := Goal{ID: 4, Name: "instances/s, product ÷ " + p.name, Value: median(rates), Unit: "ratio", Target: fmt.Sprintf("≥ %g", p.target), Detail: detail}
	tail := Goal{ID: 4, Name: "P99 of an instance, product ÷ " + p.name, Value: median(tails), Unit: "ratio", Target: "≤ 0.25"}
	return []Goal{rate.judged(rate.Value >= p.target, ""), tail.judged(tail.Value <= 0.25, "")}, nil
}

// asked is a request to a peer.
type asked struct {
	method, path, contentType string
	body                      []byte
}

func posted(path, body string) asked {
	return asked{http.MethodPost, path, "application/json", []byte(body)}
}

// ask sends a request to the peer and reads its answer.
func (p *peer) ask(ctx context.Context, a asked, into any) error {
	request, err := http.NewRequestWithContext(ctx, a.method, p.base+a.path, bytes.NewReader(a.body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", a.contentType)
	response, err := p.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return err
	case response.StatusCode/100 != 2:
		return &statusError{a.path, response.StatusCode, answer}
	case into == nil:
		return nil
	}
	return json.Unmarshal(answer, into)
}

// deployCamunda deploys the model by Camunda 7's REST API; base ends in /engine-rest.
func deployCamunda(ctx context.Context, p *peer) error {
	model, err := models.ReadFile("models/bench.bpmn")
	if err != nil {
		return err
	}
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreateFormFile("bench.bpmn", "bench.bpmn")
	if err != nil {
		return err
	}
	if _, err := part.Write(model); err != nil {
		return err
	}
	if err := errors.Join(form.WriteField("deployment-name", "bench"), form.Close()); err != nil {
		return err
	}
	return p.ask(ctx, asked{http.MethodPost, "/deployment/create", form.FormDataContentType(), b.Bytes()}, nil)
}

func camundaInstance(ctx context.Context, p *peer) error {
	var made struct{ ID string }
	if err := p.ask(ctx, posted("/process-definition/key/"+processKey+"/start", camundaStart), &made); err != nil {
		return err
	}
	var tasks []struct{ ID string }
	if err := p.ask(ctx, asked{method: http.MethodGet, path: "/task?processInstanceId=" + made.ID}, &tasks); err != nil {
		return err
	}
	if len(tasks) != 1 {
		return fmt.Errorf("%d tasks of an instance", len(tasks))
	}
	return p.ask(ctx, posted("/task/"+tasks[0].ID+"/complete", camundaComplete), nil)
}

// The same variables as startBody's and completeBody's.
const (
	camundaStart = `{"businessKey":"LV-2026-000117","variables":{"days":{"value":3},"kind":{"value":"annual"},"reason":{"value":"Family visit in the spring, planned since last year"},` +
		`"substitute":{"value":"lina"},"urgent":{"value":false}}}`
	camundaComplete = `{"variables":{"approved":{"value":true}}}`
)
