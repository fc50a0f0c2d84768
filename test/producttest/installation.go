package producttest

import (
	"errors"
	"io"
	"log/slog"
	"testing"

	"github.com/cloudevents/sdk-go/v2/event"

	"diom.io/workflow/migrations"
	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/faas"
	"diom.io/workflow/shared/telemetry"
)

// Secrets makes a directory with the keys of an installation.
func Secrets(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := access.GenerateKeys(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Install brings the schema of a database up to date and loads the demo company, with cheap password
// hashes.
func Install(t testing.TB, dsn, redis, secrets string) {
	t.Helper()
	app := openApp(t, dsn, redis, secrets)
	if err := app.DB.Migrate(t.Context(), migrations.Files, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	if err := app.Access.LoadDemo(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := app.Close(); err != nil {
		t.Fatal(err)
	}
}

// Tokens logs demo accounts in without a process and returns their access tokens.
func Tokens(t testing.TB, dsn, redis, secrets string, usernames ...string) map[string]string {
	t.Helper()
	app := openApp(t, dsn, redis, secrets)
	tokens := map[string]string{}
	for _, name := range usernames {
		login, err := app.Access.Login(t.Context(), name, access.DemoPassword, "127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		tokens[name] = login.AccessToken
	}
	if err := app.Close(); err != nil {
		t.Fatal(err)
	}
	return tokens
}

// SignEvent signs an event as a function of the installation would.
func SignEvent(t testing.TB, dsn, redis, secrets string, e *event.Event) {
	t.Helper()
	app := openApp(t, dsn, redis, secrets)
	if err := errors.Join(app.Access.SignEvent(e), app.Close()); err != nil {
		t.Fatal(err)
	}
}

func openApp(t testing.TB, dsn, redis, secrets string) *faas.App {
	t.Helper()
	cfg := config.Config{
		MySQLDSN: dsn, RedisURL: redis, SecretsDir: secrets, Environment: "local", TimeZone: "Asia/Shanghai", Pool: 2, BcryptCost: 4,
		AccessTokenLife: tokenLife, RefreshTokenLife: tokenLife,
	}
	app, err := faas.OpenApp(t.Context(), cfg, telemetry.New(io.Discard, "ERROR"))
	if err != nil {
		t.Fatal(err)
	}
	return app
}
