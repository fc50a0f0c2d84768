package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
)

// ExamplesPath is where the tests of test/openapi keep what the product was asked and answered, from the
// repository's root.
const ExamplesPath = "test/openapi/testdata/examples.json"

// example is one exchange of an operation; both sides are JSON, or absent.
type example struct {
	Request any `json:"request,omitempty"`
	Answer  any `json:"answer,omitempty"`
}

// examples are the recorded exchanges by method and pattern; none where nothing was recorded.
func examples(root fs.FS) (map[string]example, error) {
	text, err := fs.ReadFile(root, ExamplesPath)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list map[string]example
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", ExamplesPath, err)
	}
	return list, nil
}

// show puts an example into a body or an answer that is JSON.
func show(part object, value any) {
	content, _ := part["content"].(object)
	if media, ok := content["application/json"].(object); ok && value != nil {
		media["example"] = value
	}
}
