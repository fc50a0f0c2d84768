package access

import (
	"context"
	"encoding/json"
	"time"

	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/setting"
	"diom.io/workflow/shared/store"
)

// ErrLockedOut: with this setting the caller himself would not be let in any more.
var ErrLockedOut = fault.New(fault.Invalid, "setting_locks_out", "Your own address is not in these networks, so that you would be locked out.")

// ErrNoSetting: the product has no setting with this key.
var ErrNoSetting = fault.New(fault.NotFound, "setting_not_found", "There is no such setting.")

// Setting is a setting with its present value. Integers are numbers, flags true or false, everything else is text: a
// duration is written 1h30m, a rate 20/m:60 or off.
type Setting struct {
	Key         string `json:"key"`
	Description string `json:"description"`
	Type        string `json:"type"` // integer, duration, choice, rate, boolean, types, text or networks
	Value       any    `json:"value"`
	// Default is what holds where nothing is set: what the environment says.
	Default any  `json:"default"`
	Set     bool `json:"set"` // whether the value is set here
	// Minimum and Maximum bound integers and durations.
	Minimum   any        `json:"minimum"`
	Maximum   any        `json:"maximum"`
	Values    []string   `json:"values"` // of a choice
	Version   int64      `json:"version"`
	UpdatedBy string     `json:"updatedBy"`
	UpdatedAt *time.Time `json:"updatedAt"`
}

// Settings is every setting by key. There are no pages.
type Settings struct {
	Items []Setting `json:"items"`
}

// SettingChange is the body that sets a setting; null takes the value away, so that the default holds. With force a list
// of networks is taken although the caller is in none of them.
type SettingChange struct {
	Value json.RawMessage `json:"value" api:"required"`
	Force bool            `json:"force"`
	// From is the address of the caller, empty where no request came.
	From string `json:"-"`
}

// settings returns what is set, by key, without a level of the log whose time is over: whoever turned it up need not
// remember to turn it down.
func (s *Service) settings(ctx context.Context) (map[string]store.Setting, error) {
	all, err := s.store.Settings(ctx)
	level, keep := all[setting.LogLevel], all[setting.LogLevelFor].Value
	if err != nil || level.Value == nil {
		return all, err
	}
	d, _ := setting.Find(setting.LogLevelFor)
	text := d.Fallback(s.cfg)
	if keep != nil {
		text = *keep
	}
	if life, err := time.ParseDuration(text); err == nil && life > 0 && !s.now().Before(level.UpdatedAt.Add(life)) {
		level.Value = nil
		all[setting.LogLevel] = level
	}
	return all, nil
}

// settingTexts returns the values that are set, by key.
func (s *Service) settingTexts(ctx context.Context) (map[string]string, error) {
	all, err := s.settings(ctx)
	texts := make(map[string]string, len(all))
	for key, x := range all {
		if x.Value != nil {
			texts[key] = *x.Value
		}
	}
	return texts, err
}

// ListSettings returns every setting.
func (s *Service) ListSettings(ctx context.Context) (Settings, error) {
	set, err := s.settings(ctx)
	if err != nil {
		return Settings{}, err
	}
	out := Settings{}
	for _, d := range setting.Definitions() {
		out.Items = append(out.Items, s.settingOf(d, set[d.Key]))
	}
	return out, nil
}

// Setting returns a setting: ErrNoSetting when there is none.
func (s *Service) Setting(ctx context.Context, key string) (Setting, error) {
	d, found := setting.Find(key)
	if !found {
		return Setting{}, ErrNoSetting
	}
	set, err := s.settings(ctx)
	return s.settingOf(d, set[key]), err
}

func (s *Service) settingOf(d setting.Definition, x store.Setting) Setting {
	fallback := d.JSON(d.Fallback(s.cfg))
	out := Setting{
		Key: d.Key, Description: d.Summary, Type: string(d.Kind), Value: fallback, Default: fallback, Values: append([]string{}, d.Values...), Version: max(x.Version, 1), UpdatedBy: x.UpdatedBy,
	}
	switch d.Kind {
	case setting.Integer:
		out.Minimum, out.Maximum = d.Min, d.Max
	case setting.Duration:
		out.Minimum, out.Maximum = setting.Brief(time.Duration(d.Min)), setting.Brief(time.Duration(d.Max))
	}
	if x.Value != nil {
		out.Value, out.Set = d.JSON(*x.Value), true
	}
	if !x.UpdatedAt.IsZero() {
		out.UpdatedAt = &x.UpdatedAt
	}
	return out
}

// ChangeSetting sets a setting, or takes its value away; it holds in every process within two seconds. match is the
// version that the caller has seen, 0 for any. Errors: ErrNoSetting, setting.ErrValue, ErrLockedOut,
// store.ErrPeopleStale.
func (s *Service) ChangeSetting(ctx context.Context, p Principal, key string, in SettingChange, match int64) (Setting, error) {
	d, found := setting.Find(key)
	if !found {
		return Setting{}, ErrNoSetting
	}
	x := store.Setting{Key: key, UpdatedBy: p.Username, UpdatedAt: s.instant()}
	switch {
	case len(in.Value) == 0:
		return Setting{}, ErrInvalid.With(missing("/value", "")...)
	case string(in.Value) != "null":
		text, err := d.Read(in.Value)
		if err != nil {
			return Setting{}, err
		}
		if err := in.admits(d, text); err != nil {
			return Setting{}, err
		}
		x.Value = &text
	}
	var err error
	if x.Version, err = s.store.SetSetting(ctx, x, match); err != nil {
		return Setting{}, err
	}
	s.Settings.Renew(ctx)
	return s.settingOf(d, x), nil
}

// admits refuses a list of networks that the caller is not in.
func (c SettingChange) admits(d setting.Definition, text string) error {
	if d.Kind != setting.Places || c.Force || c.From == "" {
		return nil
	}
	var allow setting.Networks
	if err := allow.UnmarshalText([]byte(text)); err != nil {
		return err
	}
	if allow.Admit(c.From) {
		return nil
	}
	return ErrLockedOut.With(fault.Detail{
		Pointer: "/value", Code: ErrLockedOut.Code, Detail: "Your address is " + c.From + ". Add it or its network, or send \"force\": true if somebody else can undo it.",
	})
}
