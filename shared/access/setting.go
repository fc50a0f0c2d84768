package access

import (
	"context"
	"encoding/json"
	"time"

	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/setting"
	"diom.io/workflow/shared/store"
)

// ErrNoSetting: the product has no setting with this key.
var ErrNoSetting = fault.New(fault.NotFound, "setting_not_found", "There is no such setting.")

// Setting is a setting with its present value. Integers are numbers, flags true or false, everything else is text: a
// duration is written 1h30m, a rate 20/m:60 or off.
type Setting struct {
	Key         string `json:"key"`
	Description string `json:"description"`
	Type        string `json:"type"` // integer, duration, choice, rate or boolean
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

// SettingChange is the body that sets a setting; null takes the value away, so that the default holds.
type SettingChange struct {
	Value json.RawMessage `json:"value" api:"required"`
}

// ListSettings returns every setting.
func (s *Service) ListSettings(ctx context.Context) (Settings, error) {
	set, err := s.store.Settings(ctx)
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
	set, err := s.store.Settings(ctx)
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
// version that the caller has seen, 0 for any. Errors: ErrNoSetting, setting.ErrValue, store.ErrPeopleStale.
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
		x.Value = &text
	}
	var err error
	if x.Version, err = s.store.SetSetting(ctx, x, match); err != nil {
		return Setting{}, err
	}
	s.Settings.Forget()
	return s.settingOf(d, x), nil
}
