package client

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// profile is one log-in: where, who, and the tokens that prove it. Its file is for its owner alone.
type profile struct {
	URL         string    `json:"url"`
	Username    string    `json:"username"`
	AccessToken string    `json:"accessToken"`
	ExpiresAt   time.Time `json:"expiresAt"`
	Cookie      string    `json:"cookie"`  // name of the refresh cookie
	Refresh     string    `json:"refresh"` // its value

	name string
}

// keep is the directory of the profiles: <name>.json, <name>.lock, and the name of the last log-in in the
// file current.
type keep struct{ dir string }

const (
	maxName     = 100
	privateFile = 0o600
	privateDir  = 0o700
	lockPoll    = 20 * time.Millisecond
	currentFile = "current"
)

// isName reports whether a text can be the name of a profile, and so of its file.
func isName(text string) bool {
	other := strings.IndexFunc(text, func(r rune) bool { return !nameRune(r) })
	return text != "" && len(text) <= maxName && other < 0 && text[0] != '.' && text[0] != '-'
}

func nameRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-'
}

// openKeep names the directory; it need not be there. DIOM_CONFIG_DIR replaces the user's own.
func openKeep() (keep, error) {
	if dir := os.Getenv("DIOM_CONFIG_DIR"); dir != "" {
		return keep{dir}, nil
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return keep{}, usagef("where to keep the log-in is unknown (%v); name a directory by DIOM_CONFIG_DIR", err)
	}
	return keep{filepath.Join(dir, "diom")}, nil
}

func (k keep) path(name string) string { return filepath.Join(k.dir, name+".json") }

// read returns a profile: fs.ErrNotExist when there is none. A file that others may read is refused.
func (k keep) read(name string) (profile, error) {
	path := k.path(name)
	info, err := os.Stat(path)
	if err != nil {
		return profile{}, err
	}
	if info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		return profile{}, fmt.Errorf("%s can be read by others; make it yours alone: chmod 600, and log in again", path)
	}
	raw, err := os.ReadFile(path) //nolint:gosec // a name of ours in our directory
	if err != nil {
		return profile{}, err
	}
	p := profile{}
	if err := json.Unmarshal(raw, &p); err != nil {
		return p, fmt.Errorf("%s: %w", path, err)
	}
	p.name = name
	return p, nil
}

// write replaces the file of a profile as a whole.
func (k keep) write(p profile) error {
	raw, err := json.MarshalIndent(p, "", "  ") //nolint:gosec // that is the file for the tokens
	if err != nil {
		return err
	}
	return k.replace(p.name+".json", raw)
}

func (k keep) replace(file string, content []byte) error {
	if err := os.MkdirAll(k.dir, privateDir); err != nil {
		return err
	}
	f, err := os.CreateTemp(k.dir, ".new-*") // 0600
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(k.dir, file))
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the first error is the one to tell
	}
	return err
}

// lock keeps other commands from changing a profile meanwhile.
func (k keep) lock(ctx context.Context, name string) (func(), error) {
	if err := os.MkdirAll(k.dir, privateDir); err != nil {
		return nil, err
	}
	l := flock.New(filepath.Join(k.dir, name+".lock"), flock.SetPermissions(privateFile))
	if _, err := l.TryLockContext(ctx, lockPoll); err != nil {
		return nil, fmt.Errorf("%s: %w", l.Path(), err)
	}
	return func() { _ = l.Unlock() }, nil // the end of the process lets go too
}

func (k keep) current() string {
	raw, _ := os.ReadFile(filepath.Join(k.dir, currentFile)) // without it nothing is current
	return strings.TrimSpace(string(raw))
}

// find returns the profile that is meant: by its name, by its address, or the last log-in. A log-in is never
// used for another address than its own.
func (k keep) find(name, address string) (profile, error) {
	for _, candidate := range k.candidates(name, address) {
		p, err := k.read(candidate)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return p, err
		case address == "" || p.URL == address:
			return p, nil
		case name != "":
			return p, usagef("the log-in %s is one at %s, not at %s", name, p.URL, address)
		}
	}
	hint := "diom login"
	if address != "" {
		hint += " --url " + address
	}
	if name != "" {
		hint += " --profile " + name
	}
	return profile{}, &unreachable{text: "not logged in; log in with: " + hint}
}

func (k keep) candidates(name, address string) []string {
	if name != "" {
		return []string{name}
	}
	list := []string{k.current()}
	if address != "" {
		list = append(list, nameOf(address))
		files, _ := filepath.Glob(filepath.Join(k.dir, "*.json")) // fails for a bad pattern alone
		for _, file := range files {
			list = append(list, strings.TrimSuffix(filepath.Base(file), ".json"))
		}
	}
	kept := list[:0]
	for _, candidate := range list {
		if isName(candidate) {
			kept = append(kept, candidate)
		}
	}
	return kept
}

// nameOf is the name of a profile that was given none: host and port of its address.
func nameOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	name := strings.Map(func(r rune) rune {
		if !nameRune(r) {
			return '_'
		}
		return r
	}, u.Host+u.Path)
	return strings.Trim(name[:min(len(name), maxName)], "_.-")
}

// localURL is where diom dev serves.
const localURL = "http://127.0.0.1:8080"

// cleanURL returns an address in its one spelling. Plain http leaves no machine unless it is allowed.
func cleanURL(address string, plain bool) (string, error) {
	u, err := url.Parse(strings.TrimRight(address, "/"))
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", usagef("%q is not the address of an installation, such as %s", address, localURL)
	}
	u.Host = strings.ToLower(u.Host)
	if u.Scheme == "http" && !plain && !loopback(u.Hostname()) {
		return "", usagef("%s is not encrypted: give an https address, or --plain-http if the way there is private", address)
	}
	return u.String(), nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// chosen returns the name and the address that flags or the environment give, each "" where they do not.
func (in *invocation) chosen() (name, address string, err error) {
	name = cmp.Or(in.text("profile"), os.Getenv("DIOM_PROFILE"))
	if name != "" && !isName(name) {
		return "", "", usagef("%q cannot be the name of a log-in: letters, digits, and . _ -", name)
	}
	if address = cmp.Or(in.text("url"), os.Getenv("DIOM_URL")); address != "" {
		address, err = cleanURL(address, true) // log-in has asked already
	}
	return name, address, err
}
