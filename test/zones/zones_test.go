// Package zones_test proves the rules of deploy/nftables on machines that are network namespaces.
package zones_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// zone is a machine in a network namespace of its own: the file of deploy/nftables that it loads, and where it listens.
type zone struct{ name, address, rules string }

var zones = []zone{
	{"outside", "192.0.2.10", ""},
	{"dmz", "10.0.1.11", "dmz.nft"},
	{"gateway", "10.0.2.11", "application.nft"},
	{"workflow", "10.0.2.130", "application.nft"}, // on another wire than gateway, in the same zone
	{"data", "10.0.3.11", "data.nft"},
	{"operators", "10.0.9.11", ""},
}

// ports are those at which every machine listens here, so that it is the rules that refuse.
var ports = []string{"22", "443", "3306", "6379", "8080", "8081", "8082", "8085", "9100", "9104"}

// reached is what each zone may reach, as machine:port; nothing else.
var reached = map[string][]string{
	"outside":  {"dmz:443", "operators:*"}, // operators stand for a network of others here: they load no rules
	"dmz":      {"gateway:8080", "workflow:8080"},
	"gateway":  {"workflow:8080", "workflow:8081", "workflow:8082", "workflow:8085", "data:3306", "data:6379"},
	"workflow": {"gateway:8080", "gateway:8081", "gateway:8082", "gateway:8085", "data:3306", "data:6379"},
	"data":     nil,
	"operators": {"outside:*", "dmz:22", "dmz:443", "dmz:9100", "gateway:22", "gateway:8080", "gateway:8081", "gateway:8082", "gateway:8085", "gateway:9100",
		"workflow:22", "workflow:8080", "workflow:8081", "workflow:8082", "workflow:8085", "workflow:9100", "data:22", "data:9100", "data:9104"},
}

// TestMain lets the test's own program listen and dial inside of a namespace.
func TestMain(m *testing.M) {
	switch {
	case os.Getenv("DIOM_ZONE_LISTEN") != "":
		for _, port := range ports {
			l, err := net.Listen("tcp", os.Getenv("DIOM_ZONE_LISTEN")+":"+port)
			if err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
			go func() {
				for {
					if conn, err := l.Accept(); err == nil {
						_ = conn.Close()
					}
				}
			}()
		}
		fmt.Println("listening")
		select {}
	case os.Getenv("DIOM_ZONE_DIAL") != "":
		var all sync.WaitGroup
		for target := range strings.SplitSeq(os.Getenv("DIOM_ZONE_DIAL"), ",") {
			all.Go(func() {
				if conn, err := net.DialTimeout("tcp", target, 2*time.Second); err == nil {
					_ = conn.Close()
					fmt.Println(target)
				}
			})
		}
		all.Wait()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func ip(t *testing.T, line string) {
	t.Helper()
	if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v %s", line, err, out)
	}
}

// within returns a command that runs in a zone.
func within(t *testing.T, name string, env string, program ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ip", append([]string{"netns", "exec", space(name)}, program...)...)
	cmd.Env = append(os.Environ(), env)
	return cmd
}

func space(name string) string { return fmt.Sprintf("diom-%d-%s", os.Getpid(), name) }

// wire makes the namespaces, with a router between them, and lets every machine listen.
func wire(t *testing.T) {
	t.Helper()
	ip(t, "netns add "+space("router"))
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", space("router")).Run() })
	if out, err := within(t, "router", "", "sysctl", "-qw", "net.ipv4.ip_forward=1").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	for i, z := range zones {
		ip(t, "netns add "+space(z.name))
		t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", space(z.name)).Run() })
		here, there := fmt.Sprintf("dz%d", i), fmt.Sprintf("dr%d", i)
		ip(t, "link add "+here+" netns "+space(z.name)+" type veth peer name "+there+" netns "+space("router"))
		octets := strings.Split(z.address, ".")
		router := strings.Join(octets[:3], ".") + "." + map[bool]string{true: "129", false: "1"}[z.name == "workflow"]
		bits := map[bool]string{true: "/25", false: "/24"}[octets[1] == "0" && octets[2] == "2"]
		for _, line := range []string{"link set lo up", "addr add " + z.address + bits + " dev " + here, "link set " + here + " up", "route add default via " + router} {
			ip(t, "-n "+space(z.name)+" "+line)
		}
		ip(t, "-n "+space("router")+" addr add "+router+bits+" dev "+there)
		ip(t, "-n "+space("router")+" link set "+there+" up")
	}
	for _, z := range zones {
		cmd := within(t, z.name, "DIOM_ZONE_LISTEN="+z.address, os.Args[0])
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		said := make([]byte, 64)
		if n, err := out.Read(said); err != nil || !strings.HasPrefix(string(said[:n]), "listening") {
			t.Fatalf("%s: %s %v", z.name, said[:n], err)
		}
	}
}

// reach returns what a zone reaches of all others.
func reach(t *testing.T, from string) []string {
	t.Helper()
	names := map[string]string{}
	var targets []string
	for _, z := range zones {
		if z.name == from {
			continue
		}
		for _, port := range ports {
			names[z.address+":"+port] = z.name + ":" + port
			targets = append(targets, z.address+":"+port)
		}
	}
	out, err := within(t, from, "DIOM_ZONE_DIAL="+strings.Join(targets, ","), os.Args[0]).Output()
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for line := range strings.FieldsSeq(string(out)) {
		list = append(list, names[line])
	}
	slices.Sort(list)
	return list
}

// Under the rules of deploy/nftables each zone reaches what it must and nothing else. Without them everything reaches
// everything, so that it is the rules that refuse.
func TestZones(t *testing.T) {
	if os.Getenv("DIOM_ZONES") == "" {
		t.Skip("make zones sets DIOM_ZONES: it needs root, iproute2 and nftables")
	}
	wire(t)
	for _, z := range zones {
		if got := reach(t, z.name); len(got) != len(ports)*(len(zones)-1) {
			t.Fatalf("%s reaches %d without rules: %q", z.name, len(got), got)
		}
	}
	for _, z := range zones {
		if z.rules == "" {
			continue
		}
		if out, err := within(t, z.name, "", "nft", "-f", "../../deploy/nftables/"+z.rules).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v %s", z.rules, err, out)
		}
	}
	for _, z := range zones {
		var want []string
		for _, target := range reached[z.name] {
			if machine, all := strings.CutSuffix(target, ":*"); all {
				for _, port := range ports {
					want = append(want, machine+":"+port)
				}
				continue
			}
			want = append(want, target)
		}
		slices.Sort(want)
		if got := reach(t, z.name); !slices.Equal(got, want) {
			t.Errorf("%s reaches\n%q, not\n%q", z.name, got, want)
		}
	}
}
