package faas

import (
	"strings"
	"testing"

	"diom.io/workflow/shared/bucket"
	"diom.io/workflow/shared/config"
)

// A bucket whose address or storage is wrong is an error at the start; its secrets are read by who uses it.
func TestOpener(t *testing.T) {
	t.Setenv("DIOM_SECRETS_DIR", t.TempDir())
	if open, err := opener(config.Config{}, "DIOM_ATTACHMENT_BUCKET", ""); open != nil || err != nil {
		t.Errorf("none: %v", err)
	}
	for endpoint, want := range map[string]string{"": "DIOM_S3_ENDPOINT is not set", "http://10.0.0.7": "http:// is for this machine", "https://s3.example.com": ""} {
		t.Setenv("DIOM_S3_ENDPOINT", endpoint)
		open, err := opener(config.Config{}, "DIOM_ATTACHMENT_BUCKET", "s3://diom-files")
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", endpoint, err)
		}
		if err != nil {
			continue
		}
		if _, err := open(); err == nil || !strings.Contains(err.Error(), bucket.SecretAccess) {
			t.Errorf("without a secret: %v", err)
		}
	}
	if _, err := opener(config.Config{}, "DIOM_ATTACHMENT_BUCKET", "/srv/files"); err == nil || !strings.Contains(err.Error(), "no address of a bucket") {
		t.Errorf("a directory: %v", err)
	}
}
