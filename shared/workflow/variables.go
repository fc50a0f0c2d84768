package workflow

import (
	"strings"
	"unicode/utf8"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/expr"
	"diom.io/workflow/shared/fault"
)

const (
	maxVariable = 256 << 10
	maxName     = 255
)

// CheckVariables holds the limits of variables that are kept for a start to come. It returns ErrVariableName
// or ErrVariableTooLarge.
func CheckVariables(variables engine.Variables) error { return checkVariables(variables) }

// checkVariables holds the limits of engine.md before anything is done.
func checkVariables(variables engine.Variables) error {
	for name, value := range variables {
		if name == "" || utf8.RuneCountInString(name) > maxName {
			return misplaced(ErrVariableName, name)
		}
		if plain(value) {
			continue
		}
		raw, err := expr.Marshal(value)
		if err != nil {
			return err
		}
		if len(raw) > maxVariable {
			return misplaced(ErrVariableTooLarge, name)
		}
	}
	return nil
}

// plain reports whether a value is within maxVariable whatever its JSON is: a byte of text becomes six
// at most.
func plain(value expr.Value) bool {
	switch v := value.(type) {
	case nil, bool, int64:
		return true
	case string:
		return len(v) < maxVariable/6-2
	}
	return false
}

// misplaced points at the variable that a failure is about.
func misplaced(failure *fault.Error, name string) error {
	pointer := "/variables/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
	return failure.With(fault.Detail{Pointer: pointer, Code: failure.Code})
}

func checkBusinessKey(key string) error {
	if utf8.RuneCountInString(key) > maxName {
		return ErrBusinessKey.With(fault.Detail{Pointer: "/businessKey", Code: ErrBusinessKey.Code})
	}
	return nil
}
