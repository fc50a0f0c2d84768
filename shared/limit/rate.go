package limit

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

var errRate = errors.New("write it as 20/m or 20/m:60 (20 a minute, 60 at once; s, m or h), or off")

// Rate is how often something may happen: Count times in Per, evenly, and Burst times at once after
// a rest. The zero Rate limits nothing.
type Rate struct {
	Count int
	Per   time.Duration
	Burst int
}

// UnmarshalText reads "20/m:60": 20 a minute, 60 at once. The unit is s, m or h; without a burst it
// is the count. "off" is the zero Rate.
func (r *Rate) UnmarshalText(text []byte) error {
	setting := strings.TrimSpace(string(text))
	if setting == "off" {
		*r = Rate{}
		return nil
	}
	rate, burst, bursts := strings.Cut(setting, ":")
	count, unit, _ := strings.Cut(rate, "/")
	if !bursts {
		burst = count
	}
	per := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[unit]
	c, err := strconv.Atoi(count)
	b, failure := strconv.Atoi(burst)
	if err != nil || failure != nil || per == 0 || c < 1 || b < 1 || time.Duration(c) > per {
		return fmt.Errorf("rate %q: %w", setting, errRate)
	}
	*r = Rate{Count: c, Per: per, Burst: b}
	return nil
}

// off reports whether the rate limits nothing.
func (r Rate) off() bool { return r.Count <= 0 || r.Per <= 0 }

// interval is the time between two events at the full rate.
func (r Rate) interval() time.Duration { return r.Per / time.Duration(r.Count) }
