package setting

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/limit"
)

const (
	// believed is how long values are used before the database is asked again. With patience it is what a
	// process may lag behind: less than two seconds.
	believed = time.Second
	patience = 700 * time.Millisecond
)

// Live holds the settings as this process knows them. It is safe for concurrent use.
type Live struct {
	load     func(context.Context) (map[string]string, error)
	fallback *Values

	current atomic.Pointer[Values]
	asked   atomic.Int64 // Unix nanoseconds
	asking  sync.Mutex

	telling sync.Mutex
	changes []func(*Values)
}

// Values are the settings at one moment.
type Values struct {
	all map[string]any
	set map[string]string
}

// New returns the settings of a process: those that load reads, by key, over the environment's. load is nil in a
// process without a database.
func New(cfg config.Config, load func(context.Context) (map[string]string, error)) *Live {
	l := &Live{load: load, fallback: fallbacks(cfg)}
	l.current.Store(l.fallback)
	return l
}

func fallbacks(cfg config.Config) *Values {
	v := &Values{all: map[string]any{}}
	for _, d := range Definitions() {
		v.all[d.Key], _ = d.parse(d.Fallback(cfg)) // what cannot be read is zero, and its reader goes by the environment
	}
	return v
}

// OnChange calls do with the values, now and whenever they are others than before.
func (l *Live) OnChange(do func(*Values)) {
	l.telling.Lock()
	defer l.telling.Unlock()
	l.changes = append(l.changes, do)
	do(l.current.Load())
}

// Now returns the values as they were a second ago or later. Where the database does not answer they are the last
// that were known. A nil Live has what holds where nothing is set.
func (l *Live) Now(ctx context.Context) *Values {
	if l == nil {
		return fallbacks(config.Config{})
	}
	if l.stale() && l.asking.TryLock() {
		l.ask(context.WithoutCancel(ctx))
		l.asking.Unlock()
	}
	return l.current.Load()
}

// Known returns the values as they were when they were asked for last. Something else must ask from time to time.
func (l *Live) Known() *Values { return l.current.Load() }

// Poke asks the database in the background where the values are old: for what is told by OnChange.
func (l *Live) Poke() {
	if l.stale() && l.asking.TryLock() {
		l.asked.Store(time.Now().UnixNano())
		go func() {
			defer l.asking.Unlock()
			l.ask(context.Background())
		}()
	}
}

// Renew asks the database: what was set before is known when it returns, unless the database does not answer in time.
func (l *Live) Renew(ctx context.Context) {
	l.asking.Lock()
	defer l.asking.Unlock()
	if l.load != nil {
		l.ask(context.WithoutCancel(ctx))
	}
}

func (l *Live) stale() bool {
	return l.load != nil && time.Now().UnixNano()-l.asked.Load() > int64(believed)
}

// ask reads the settings; the caller holds l.asking.
func (l *Live) ask(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	now := time.Now().UnixNano()
	set, err := l.load(ctx)
	l.asked.Store(now)
	if err != nil || same(set, l.current.Load().set) {
		return
	}
	v := &Values{all: map[string]any{}, set: map[string]string{}}
	for _, d := range Definitions() {
		v.all[d.Key] = l.fallback.all[d.Key]
		text, found := set[d.Key]
		if value, err := d.parse(text); found && err == nil && d.within(value) {
			v.all[d.Key], v.set[d.Key] = value, text
		}
	}
	l.telling.Lock()
	defer l.telling.Unlock()
	l.current.Store(v)
	for _, do := range l.changes {
		do(v)
	}
}

func same(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for key, text := range a {
		if other, found := b[key]; !found || other != text {
			return false
		}
	}
	return true
}

// IsSet reports whether a setting is set, so that the environment has no say.
func (v *Values) IsSet(key string) bool {
	_, found := v.set[key]
	return found
}

// Int returns an integer.
func (v *Values) Int(key string) int {
	n, _ := v.all[key].(int64)
	return int(n)
}

// Duration returns a duration.
func (v *Values) Duration(key string) time.Duration {
	d, _ := v.all[key].(time.Duration)
	return d
}

// Flag returns true or false.
func (v *Values) Flag(key string) bool {
	yes, _ := v.all[key].(bool)
	return yes
}

// Text returns the word of a choice.
func (v *Values) Text(key string) string {
	text, _ := v.all[key].(string)
	return text
}

// Rate returns a rate.
func (v *Values) Rate(key string) limit.Rate {
	r, _ := v.all[key].(limit.Rate)
	return r
}

// Networks returns a list of networks.
func (v *Values) Networks(key string) Networks {
	n, _ := v.all[key].(Networks)
	return n
}
