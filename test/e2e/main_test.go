// Package e2e_test drives the product from outside, through /api/v1 alone: once as `diom serve`, once
// as on a platform, with every function two processes of its own behind the gateway.
//
// DIOM_E2E_URL names a product that runs already and has the demo company; DIOM_E2E_SECRETS is then
// the directory of its secrets (the keys and diom-mysql-dsn). Nobody else may use it meanwhile.
package e2e_test

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/access"
	"diom.io/workflow/shared/database/databasetest"
	"diom.io/workflow/test/producttest"
)

const (
	urlVariable     = "DIOM_E2E_URL"
	secretsVariable = "DIOM_E2E_SECRETS"
	callLimit       = 31 * time.Second // no request outlives 30 s
)

func TestMain(m *testing.M) { os.Exit(producttest.Main(m)) }

// product is a running product and what a test knows of it.
type product struct {
	client  *producttest.Client
	judge   *producttest.Judge
	secrets string
	tokens  map[string]string
	models  map[string]string // file → key of its deployed process
}

// cases run one after another on one product: a refusal is followed by a look at the whole database.
var cases = []struct {
	name string
	run  func(*session)
}{
	{"log in", logIn},
	{"modelers", modelers},
	{"approve", approve},
	{"countersign", countersign},
	{"assign", assign},
	{"operate", operate},
	{"incidents", incidents},
	{"views of an instance", views},
	{"visibility", visibility},
	{"definitions", definitions},
	{"pages", pages},
	{"sorts", sorts},
	{"refused lists", refusedLists},
	{"repeats", repeats},
	{"refused models", refusedModels},
	{"refused deployments", refusedDeployments},
	{"refused tokens", refusedTokens},
	{"refused log-ins", refusedLogIns},
	{"refused bodies", refusedBodies},
	{"refused commands", refusedCommands},
	{"refused routes", refusedRoutes},
	{"languages", languages},
	{"race", race},
	{"trip", trip},
	{"parcels", parcels},
	{"day of an office", officeDay},
	{"refused events", refusedEvents},
}

func TestServe(t *testing.T) {
	t.Parallel()
	if os.Getenv(urlVariable) != "" {
		run(t, running(t))
		return
	}
	dsn, redis := databasetest.DSN(t), databasetest.Redis(t)
	secrets := producttest.Secrets(t)
	producttest.Install(t, dsn, redis, secrets)
	process := producttest.Serve(t, producttest.Options{DSN: dsn, Redis: redis, Secrets: secrets})
	run(t, &product{client: producttest.NewClient(process.URL, callLimit), judge: producttest.NewJudge(t, dsn), secrets: secrets})
	quiet(t, process.Logged(`"level":"ERROR"`))
}

// TestFunctions runs what `make run-functions` runs, on databases of the test's own.
func TestFunctions(t *testing.T) {
	t.Parallel()
	if os.Getenv(urlVariable) != "" {
		t.Log(urlVariable + " is set: TestServe has tested that product")
		return
	}
	dsn, redis := databasetest.DSN(t), databasetest.Redis(t)
	secrets := producttest.Secrets(t)
	producttest.Install(t, dsn, redis, secrets)
	home := t.TempDir()
	if err := os.CopyFS(filepath.Join(home, "secrets"), os.DirFS(secrets)); err != nil {
		t.Fatal(err)
	}
	var url string
	var process *producttest.Process
	ready := func() (err error) { url, err = announced(process); return err }
	process = producttest.Command(t, ready, producttest.Binary(t), "dev", "--functions")
	process.SetEnv("DIOM_HOME="+home, "DIOM_MYSQL_DSN="+dsn, "DIOM_REDIS_URL="+redis, "DIOM_ADDR="+producttest.FreeAddress(t), "DIOM_DEMO=1", "DIOM_DEMO_HISTORY=false")
	process.Start()
	run(t, &product{client: producttest.NewClient(url, callLimit), judge: producttest.NewJudge(t, dsn), secrets: secrets})
	logs, err := filepath.Glob(filepath.Join(home, "log", "*.log"))
	if err != nil || len(logs) < 15 { // seven functions twice, and the gateway
		t.Errorf("%d processes have logged, %v", len(logs), err)
	}
	for _, file := range logs {
		quiet(t, producttest.Lines(file, `"level":"ERROR"`))
	}
}

var errNotReady = errors.New("no line ready: yet")

// announced returns the URL of the line that says that every function answers.
func announced(process *producttest.Process) (string, error) {
	lines := bufio.NewScanner(strings.NewReader(process.Log()))
	for lines.Scan() {
		if url, found := strings.CutPrefix(lines.Text(), "ready: "); found {
			return url, nil
		}
	}
	return "", errNotReady
}

// running is the product that the environment names.
func running(t *testing.T) *product {
	t.Helper()
	secrets := os.Getenv(secretsVariable)
	dsn, err := os.ReadFile(filepath.Join(secrets, "diom-mysql-dsn"))
	if err != nil {
		t.Fatalf("%s: the directory of the product's secrets, with diom-mysql-dsn in it: %v", secretsVariable, err)
	}
	return &product{
		client: producttest.NewClient(strings.TrimSuffix(os.Getenv(urlVariable), "/"), callLimit),
		judge:  producttest.NewJudge(t, strings.TrimSpace(string(dsn))), secrets: secrets,
	}
}

// run runs every case. All demo accounts log in first.
func run(t *testing.T, p *product) {
	p.tokens, p.models = map[string]string{}, map[string]string{}
	for _, a := range access.DemoAccounts() {
		p.tokens[a.Username] = p.client.LogIn(t, a.Username, access.DemoPassword)
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.run(&session{T: t, product: p}) })
	}
	found, judged := p.judge.Everything()
	for _, problem := range found {
		t.Error(problem)
	}
	if judged == 0 {
		t.Error("no instance was judged")
	}
}

// quiet holds that no error was logged: nothing of all this is a fault of the product's.
func quiet(t *testing.T, lines []string) {
	t.Helper()
	for _, line := range lines {
		t.Errorf("the log has an error: %.1000s", line)
	}
}
