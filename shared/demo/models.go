package demo

import (
	"embed"
	"fmt"
)

// files are the models, forms and decisions of the demo: byte for byte what the designs hold.
//
//go:embed models
var files embed.FS

// model returns the content of a file of the demo.
func model(name string) (string, error) {
	raw, err := files.ReadFile("models/" + name)
	if err != nil {
		return "", fmt.Errorf("model %s: %w", name, err)
	}
	return string(raw), nil
}

// The processes of the demo.
const (
	Leave   = "leave-request"
	Expense = "expense-claim"
	Order   = "order-fulfilment"
)
