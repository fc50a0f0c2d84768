package faas

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	handler "github.com/openfaas/templates-sdk/go-http"
)

const (
	maxHeaderBytes    = 64 << 10
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 120 * time.Second
)

// ErrPortTaken: another process listens at the address.
var ErrPortTaken = errors.New("the address is taken by another process")

// Server is what Run serves: the OpenFaaS workload contract (8080 or $PORT, /_/health, /_/ready,
// SIGTERM drain), which Knative's runtime contract is part of, with no watchdog.
type Server struct {
	App *App
	// Handler takes every request but the probes, /_/info and /metrics.
	Handler http.Handler
	// Functions are those that Handler serves, for /_/info.
	Functions []Function
	// Version of the build, for /_/info.
	Version string
	// Started, where it is set, is called once the server listens, with its URL.
	Started func(url string)
}

// Run listens at Config.Addr and serves until ctx ends or SIGTERM or SIGINT arrives; then it turns
// unready, goes on for healthcheck_interval so that the platform notices (not after SIGINT, nor when
// ctx ended), and lets the calls and the scheduled passes under way finish within write_timeout. The
// App stays open.
func Run(ctx context.Context, s Server) error {
	cfg := s.App.Config
	listener, err := listen(ctx, cfg.Addr)
	if err != nil {
		return err
	}
	probes := newProbes(s)
	server := &http.Server{
		Handler: probes, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: cfg.ReadTimeout, WriteTimeout: cfg.WriteTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(s.App.Telemetry.Log.Handler(), slog.LevelDebug),
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	defer signal.Stop(signals)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	countStart(s.App.Telemetry.Metrics)
	s.App.Telemetry.Log.Info("listening", "address", listener.Addr().String())
	if len(s.Functions) > 1 { // the whole product in one process: nobody else sends what an earlier one left
		s.App.Relay.Start()
	}
	clock := startClock(ctx, s)
	if s.Started != nil {
		s.Started(baseURL(listener.Addr()))
	}
	select {
	case err := <-served:
		return errors.Join(fmt.Errorf("serve: %w", err), clock.stop(cfg.WriteTimeout))
	case received := <-signals:
		probes.draining.Store(true)
		if received == syscall.SIGTERM {
			wait(ctx, signals, cfg.HealthInterval)
		}
	case <-ctx.Done():
		probes.draining.Store(true)
	}
	clock.cancel()     // the pass under way ends while the calls do
	s.App.Live.Close() // streams would not end by themselves
	return errors.Join(drain(server, cfg.WriteTimeout), clock.stop(passGrace))
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s: %w; set DIOM_ADDR or PORT to a free one", address, ErrPortTaken)
	}
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return listener, nil
}

func baseURL(address net.Addr) string {
	host, port, err := net.SplitHostPort(address.String())
	if err != nil {
		return "http://" + address.String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// wait ends after d, with ctx, or at a second signal.
func wait(ctx context.Context, signals <-chan os.Signal, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-signals:
	case <-ctx.Done():
	}
}

func drain(server *http.Server, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("drain: %w", err), server.Close())
	}
	return nil
}

// Main runs one function in a process of its own for OpenFaaS's template and returns the exit code.
func Main(f Function, handle func(handler.Request) (handler.Response, error)) int {
	app, err := process()
	if err != nil {
		fmt.Fprintln(os.Stderr, f.Name+": "+err.Error())
		return 1
	}
	err = Run(context.Background(), Server{App: app, Handler: HTTP(handle), Functions: []Function{f}})
	if err = errors.Join(err, app.Close()); err != nil {
		fmt.Fprintln(os.Stderr, f.Name+": "+err.Error())
		return 1
	}
	return 0
}
