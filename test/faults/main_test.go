// Package faults_test breaks the product's processes, connections and servers while it works, and
// holds that nothing acknowledged is lost and nothing is done twice.
//
// SIZE=full makes the runs longer, SEED=n repeats one; the seed of a run is printed.
package faults_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"diom.io/workflow/test/producttest"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		_ = parallel.Value.Set(strconv.Itoa(2 * runtime.GOMAXPROCS(0))) // a test waits most of its time
	}
	code := producttest.Main(m)
	if whole := flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.list").Value.String() == "" && !testing.Short(); whole || *statements {
		code = max(code, everyStatement())
	}
	for _, line := range closingLines() {
		fmt.Println(line)
	}
	os.Exit(code)
}

var statements = flag.Bool("statements", false, "fail where a statement of the store that writes was never interrupted, as a run of all tests does")

// size is how often something is done: ci, or full where SIZE says so.
func size(ci, full int) int {
	if os.Getenv("SIZE") == "full" {
		return full
	}
	return ci
}

// dice is the chance of one test; its seed is printed with the test's log and with SEED again the same.
type dice struct {
	seed   uint64
	mutex  sync.Mutex
	random *rand.Rand
}

func roll(t *testing.T) *dice {
	t.Helper()
	seed, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("SEED=%d", seed)
	return &dice{seed: seed, random: rand.New(rand.NewPCG(seed, 0))}
}

// below returns a number from 0 to n-1.
func (d *dice) below(n int) int {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return d.random.IntN(n)
}
