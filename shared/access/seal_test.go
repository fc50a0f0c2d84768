package access

import (
	"bytes"
	"strings"
	"testing"

	"diom.io/workflow/shared/engine"
)

func TestSeal(t *testing.T) {
	t.Parallel()
	s := open(t, testConfig(t), nil, "")
	here := Place{"workflow_event_source", engine.ID{1}, "key"}
	for _, value := range []string{"", "a secret of somebody else"} {
		sealed, err := s.Seal(here, []byte(value))
		if err != nil || value != "" && bytes.Contains(sealed, []byte(value)) {
			t.Fatalf("%v: %x", err, sealed)
		}
		if again, err := s.Seal(here, []byte(value)); err != nil || bytes.Equal(again, sealed) {
			t.Errorf("sealed twice the same: %v", err)
		}
		if got, err := s.Open(here, sealed); err != nil || string(got) != value {
			t.Errorf("opened %q, %v", got, err)
		}
		for i := range sealed { // every byte counts
			damaged := bytes.Clone(sealed)
			damaged[i] ^= 1
			if _, err := s.Open(here, damaged); err == nil {
				t.Errorf("opened with byte %d changed", i)
			}
			if _, err := s.Open(here, sealed[:i]); err == nil {
				t.Errorf("opened the first %d bytes", i)
			}
		}
		for _, elsewhere := range []Place{{"sys_user", engine.ID{1}, "key"}, {"workflow_event_source", engine.ID{2}, "key"}, {"workflow_event_source", engine.ID{1}, "name"}} {
			if _, err := s.Open(elsewhere, sealed); err == nil {
				t.Errorf("opened at %v", elsewhere)
			}
		}
	}
}

func TestDataKeysRotate(t *testing.T) {
	t.Parallel()
	a, b := "a:"+strings.Repeat("1", 64), "b:"+strings.Repeat("2", 64)
	service := func(keys string) *Service {
		cfg := testConfig(t)
		write(t, cfg.SecretsDir, SecretData, keys)
		return open(t, cfg, nil, "")
	}
	old, between, after := service(a), service(b+"\n"+a+"\n"), service(b)
	here := Place{"t", engine.ID{1}, "f"}
	sealed, err := old.Seal(here, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := between.Open(here, sealed); err != nil || string(got) != "x" {
		t.Errorf("during the rotation: %q, %v", got, err)
	}
	if _, err := after.Open(here, sealed); err == nil {
		t.Error("opened without the key")
	}
	if sealed, err = between.Seal(here, []byte("y")); err != nil {
		t.Fatal(err)
	}
	if got, err := after.Open(here, sealed); err != nil || string(got) != "y" {
		t.Errorf("after the rotation: %q, %v", got, err)
	}
	if _, err := service("").Seal(here, nil); err == nil {
		t.Error("sealed without a key")
	}
	for _, wrong := range []string{"x", "a:12", ":" + strings.Repeat("1", 64), "a:" + strings.Repeat("g", 64)} {
		cfg := testConfig(t)
		write(t, cfg.SecretsDir, SecretData, wrong)
		if _, err := loadDataKeys(cfg); err == nil {
			t.Errorf("%q is a data key", wrong)
		}
	}
}
