package gateway

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	statusLife    = 2 * time.Second
	statusTimeout = time.Second
)

// functionStatus is what the page shows of one function.
type functionStatus struct {
	Name string
	// Ready of Replicas answer that they are ready; in one process both are 1 or 0.
	Ready, Replicas int
}

// statusBoard remembers the states for two seconds, so that reloading the page costs the functions
// nothing.
type statusBoard struct {
	mu    sync.Mutex
	taken time.Time
	list  []functionStatus
	ready bool
}

// read returns the state of each function, and whether all of them answer. In one process MySQL
// decides, as it does on /_/ready; elsewhere every function is asked for its own.
func (b *statusBoard) read(ctx context.Context, g *gateway) ([]functionStatus, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if time.Since(b.taken) < statusLife {
		return b.list, b.ready
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), statusTimeout)
	defer cancel()
	if g.remote {
		b.list = g.askAll(ctx)
	} else {
		b.list = g.here(ctx)
	}
	b.ready = true
	for _, s := range b.list {
		b.ready = b.ready && s.Ready > 0
	}
	b.taken = time.Now()
	return b.list, b.ready
}

// here is the state of the functions of this process.
func (g *gateway) here(ctx context.Context) []functionStatus {
	up := g.app.DB.Ping(ctx) == nil
	list := make([]functionStatus, 0, len(g.names))
	for _, name := range g.names {
		s := functionStatus{Name: name}
		if g.byName[name].handler != nil {
			s.Replicas = 1
			if up {
				s.Ready = 1
			}
		}
		list = append(list, s)
	}
	return list
}

// askAll asks every replica of every function at once.
func (g *gateway) askAll(ctx context.Context) []functionStatus {
	list := make([]functionStatus, len(g.names))
	var mu sync.Mutex
	var all sync.WaitGroup
	for i, name := range g.names {
		urls := g.app.Config.FunctionURLs(name)
		list[i] = functionStatus{Name: name, Replicas: len(urls)}
		for _, base := range urls {
			all.Go(func() {
				if ready(ctx, base) {
					mu.Lock()
					list[i].Ready++
					mu.Unlock()
				}
			})
		}
	}
	all.Wait()
	return list
}

func ready(ctx context.Context, base string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/_/ready", nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<10)) // so that the connection can be used again
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}
