package store

import (
	"encoding/json"
	"fmt"

	"github.com/klauspost/compress/zstd"

	"diom.io/workflow/shared/engine"
	"diom.io/workflow/shared/fault"
)

// Stored documents (an instance's body, a history row's changes) begin with a byte that says how the
// rest is written.
const (
	plainJSON = 1
	zstdJSON  = 2

	compressAbove = 1 << 10
	maxDocument   = 1 << 20
	maxExpanded   = 8 << 20
)

// ErrTooLarge: the state of an instance would exceed what is stored for one.
var ErrTooLarge = fault.New(fault.TooLarge, "instance_too_large", "The instance with its variables would exceed 1 MiB.")

// codec compresses documents. It is safe for concurrent use.
type codec struct {
	writer *zstd.Encoder
	reader *zstd.Decoder
}

func newCodec() codec {
	w, errW := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(2), zstd.WithWindowSize(256<<10), zstd.WithEncoderLevel(zstd.SpeedFastest))
	r, errR := zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(maxExpanded))
	if errW != nil || errR != nil {
		panic("zstd: options") // constant options; cannot happen
	}
	return codec{w, r}
}

func (c codec) encode(document any) ([]byte, error) {
	raw, err := json.Marshal(document)
	if err != nil {
		return nil, err
	}
	if len(raw) > maxDocument {
		return nil, ErrTooLarge
	}
	if len(raw) <= compressAbove {
		return append([]byte{plainJSON}, raw...), nil
	}
	return c.writer.EncodeAll(raw, []byte{zstdJSON}), nil
}

func (c codec) decode(stored []byte, into any) error {
	raw, err := c.expand(stored)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

// expand returns the JSON of a stored document.
func (c codec) expand(stored []byte) ([]byte, error) {
	if len(stored) == 0 {
		return nil, fmt.Errorf("stored document is empty")
	}
	raw := stored[1:]
	switch stored[0] {
	case plainJSON:
		return raw, nil
	case zstdJSON:
		raw, err := c.reader.DecodeAll(raw, nil)
		if err != nil {
			return nil, fmt.Errorf("stored document: %w", err)
		}
		return raw, nil
	default:
		return nil, fmt.Errorf("stored document: unknown encoding %d", stored[0])
	}
}

// Instance states and task states as they are stored.
const (
	taskOpen = iota + 1
	taskCompleted
	taskCancelled
)

var instanceStates = []engine.State{1: engine.Active, 2: engine.Suspended, 3: engine.Completed, 4: engine.Cancelled, 5: "failed"}

// TaskState is the API word of a task's state.
type TaskState string

// The states of a task.
const (
	openTask      TaskState = "open"
	completedTask TaskState = "completed"
	cancelledTask TaskState = "cancelled"
)

var taskStates = []TaskState{taskOpen: openTask, taskCompleted: completedTask, taskCancelled: cancelledTask}

func stateCode(state engine.State) int {
	for code, s := range instanceStates {
		if s == state && code > 0 {
			return code
		}
	}
	return 0
}

// States returns the API words of the states of an instance.
func States() []string {
	words := make([]string, 0, len(instanceStates))
	for _, s := range instanceStates {
		if s != "" {
			words = append(words, string(s))
		}
	}
	return words
}

// StateCode returns the stored code of a state's API word; false when there is no such state.
func StateCode(word string) (int, bool) {
	code := stateCode(engine.State(word))
	return code, code > 0
}
