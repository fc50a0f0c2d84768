package faas

import "reflect"

// Hold returns what a function keeps in the process beside the App, one of each type: made at its first use, and again
// where that failed.
func Hold[T any](a *App, open func() (*T, error)) (*T, error) {
	key := reflect.TypeFor[T]()
	if kept, found := a.held.Load(key); found {
		return kept.(*T), nil
	}
	made, err := open()
	if err != nil {
		return nil, err
	}
	kept, _ := a.held.LoadOrStore(key, made)
	return kept.(*T), nil
}
