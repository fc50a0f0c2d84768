package access

import (
	"fmt"
	"time"

	"github.com/maypok86/otter/v2"

	"diom.io/workflow/shared/cache"
	"diom.io/workflow/shared/config"
	"diom.io/workflow/shared/setting"
	"diom.io/workflow/shared/store"
)

// Service holds the use cases of this package. It is safe for concurrent use.
type Service struct {
	cfg      config.Config
	store    *store.Store
	cache    *cache.Client
	keys     keys
	internal internalKeys
	data     dataKeys
	hasher   *hasher
	throttle *throttle
	outside  chan struct{} // one for each question to others about a password
	nonces   *memory
	pairs    *pairs
	now      func() time.Time // replaced in tests alone

	// Settings are what an administrator has set, as this process knows it.
	Settings *setting.Live

	verified  *otter.Cache[[32]byte, proof]
	standings *otter.Cache[string, *standing]
	machines  *otter.Cache[[32]byte, machine]
}

// New reads the keys from the secret files of cfg and returns a Service. diom-jwt-public (a JWKS or
// PEM blocks) or diom-jwt-private must be there; without the private key Login cannot sign, without
// diom-internal-key internal routes refuse every call, without diom-data-key nothing is sealed.
func New(cfg config.Config, st *store.Store, c *cache.Client) (*Service, error) {
	s := &Service{cfg: cfg, store: st, cache: c, now: time.Now, hasher: newHasher(cfg.BcryptCost), outside: make(chan struct{}, mostAsked)}
	if st != nil && st.DB != nil {
		s.Settings = setting.New(cfg, s.settingTexts)
	} else {
		s.Settings = setting.New(cfg, nil)
	}
	s.Settings.OnChange(func(v *setting.Values) { s.hasher.tune(v) })
	var err error
	if s.keys, err = loadKeys(cfg); err != nil {
		return nil, err
	}
	if s.internal, err = loadInternalKeys(cfg); err != nil {
		return nil, err
	}
	if s.data, err = loadDataKeys(cfg); err != nil {
		return nil, err
	}
	if err := checkAnonymous(cfg); err != nil {
		return nil, err
	}
	if s.pairs, err = newPairs(); err != nil {
		return nil, err
	}
	s.nonces = newMemory(100_000)
	s.throttle = &throttle{cache: c, memory: newMemory(20_000), now: s.clock}
	if s.verified, err = otter.New(&otter.Options[[32]byte, proof]{
		MaximumSize: 10_000, ExpiryCalculator: otter.ExpiryWriting[[32]byte, proof](proofLife),
	}); err != nil {
		return nil, fmt.Errorf("token cache: %w", err)
	}
	if s.standings, err = otter.New(&otter.Options[string, *standing]{
		MaximumSize: 10_000, ExpiryCalculator: otter.ExpiryCreating[string, *standing](standingLife),
	}); err != nil {
		return nil, fmt.Errorf("standing cache: %w", err)
	}
	if s.machines, err = otter.New(&otter.Options[[32]byte, machine]{
		MaximumSize: 10_000, ExpiryCalculator: otter.ExpiryCreating[[32]byte, machine](standingLife),
	}); err != nil {
		return nil, fmt.Errorf("API token cache: %w", err)
	}
	return s, nil
}

func (s *Service) clock() time.Time { return s.now() }

// instant is the present in UTC as a DATETIME(3) column keeps it.
func (s *Service) instant() time.Time { return s.now().UTC().Truncate(time.Millisecond) }
