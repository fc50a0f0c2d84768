package gateway

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"diom.io/workflow/shared/limit"
	"diom.io/workflow/shared/telemetry"
)

func TestSettings(t *testing.T) {
	s, err := loadSettings()
	if err != nil || s.LimitUser != (limit.Rate{Count: 5000, Per: time.Second, Burst: 10000}) || s.LimitLogin.Burst != 600 || s.Replicas != 1 || len(s.Allow) != 0 {
		t.Errorf("%v %+v", err, s)
	}
	t.Setenv("DIOM_CORS_ORIGINS", "https://a.test/, http://b.test:81")
	t.Setenv("DIOM_IP_ALLOW", "10.0.0.0/8,::1")
	t.Setenv("DIOM_TRUSTED_PROXIES", "2")
	t.Setenv("DIOM_LIMIT_USER", "off")
	s, err = loadSettings()
	if err != nil || len(s.Origins) != 2 || s.Origins[0] != "https://a.test" || s.Origins[1] != "http://b.test:81" || len(s.Allow) != 2 || s.Proxies.hops != 2 || s.LimitUser.Count != 0 {
		t.Errorf("%v %+v", err, s)
	}
	for name, value := range map[string]string{"DIOM_CORS_ORIGINS": "a.test", "DIOM_IP_ALLOW": "10.0.0.0/99", "DIOM_TRUSTED_PROXIES": "-1", "DIOM_LIMIT_LOGIN": "many"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			if _, err := loadSettings(); err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestTrace(t *testing.T) {
	t.Parallel()
	const id, parent = "11111111111111111111111111111111", "00-11111111111111111111111111111111-2222222222222222-01"
	for _, tc := range []struct {
		header         string
		trusted        bool
		linked         string
		continues, new bool
	}{
		{"", false, "", false, true},
		{parent, false, id, false, true},
		{parent, true, "", true, false},
		{"00-00000000000000000000000000000000-2222222222222222-01", true, "", false, true},
		{"00-1111111111111111111111111111111G-2222222222222222-01", false, "", false, true},
		{"rubbish", false, "", false, true},
	} {
		e := exchange{ResponseWriter: httptest.NewRecorder(), trusted: tc.trusted}
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.Header.Set("Traceparent", tc.header)
		r = e.begin(r, telemetry.New(io.Discard, "ERROR"))
		if e.linked != tc.linked || (e.trace == id) != tc.continues || len(e.trace) != 32 || telemetry.Trace(r.Context()) != e.trace ||
			!strings.HasPrefix(e.Header().Get("Traceparent"), "00-"+e.trace+"-") {
			t.Errorf("%+v: %+v", tc, e)
		}
	}
}
