// Package dmn reads decision models (DMN 1.1 to 1.5) and evaluates them: decision tables with every hit
// policy, all boxed expressions, item definitions, business knowledge models, decision services and
// imported models, in FEEL and, in Camunda's files, JUEL. A model is compiled once and may be used by any
// number of goroutines; an evaluation is bounded and has no clock but the time that it is given.
//
// There are two ways to evaluate. Invoke is the standard's: an element sees exactly what it requires,
// under the names of the variables, and its result is coerced to the declared type. Evaluate is Camunda
// 7's: every expression sees all the variables of the caller; the result of a required decision comes
// under the names of its outputs (one rule has matched: the values; several, or COLLECT without an
// aggregation or RULE ORDER: a list an output; none: nothing), and, for models made for FEEL, also
// under the id and the name of the decision.
package dmn

import (
	"diom.io/workflow/shared/fault"
	"diom.io/workflow/shared/feel"
	"slices"
)

// Options say how to read a file. The zero value is ready to use.
type Options struct {
	// MaxBytes bounds the file; zero means 4 MiB.
	MaxBytes int64
	// File is the name under which the file was uploaded; details point to it.
	File string
	// Imports are the models that this one may import, found by their namespaces.
	Imports []*Model
	// Lenient lets what is wrong with an expression or a type be null when it is evaluated, with a
	// diagnostic, as the conformance tests ask. Otherwise it is a problem of the model.
	Lenient bool
}

// Model is what one file holds. It is never changed after Read.
type Model struct {
	ID, Name, Namespace string
	// Version is that of DMN: "1.1" to "1.6".
	Version string
	// Decisions are in document order.
	Decisions []*Decision

	elements []*element
	byID     map[string]*element
	types    map[string]*feel.Type
	imports  map[string]*Model // by the name of the import
	merged   []*Model          // of the imports without a name, in the order of the file
	problems []fault.Detail
}

// Decision is a decision of a model (DMN §6.3.7).
type Decision struct {
	// ID is the key of a deployed decision.
	ID, Name          string
	VersionTag        string
	HistoryTimeToLive string
	Line              int
	// Outputs are the names of the columns of a decision table, or the one name of another result.
	Outputs []string
	// Requires lists the ids of the required decisions.
	Requires []string

	element *element
}

// Decision returns the decision with that id, or nil.
func (m *Model) Decision(id string) *Decision {
	for _, d := range m.Decisions {
		if d.ID == id {
			return d
		}
	}
	return nil
}

// Problems returns what a lenient reading let pass.
func (m *Model) Problems() []fault.Detail { return m.problems }

// The kinds of an element of the requirements graph.
const (
	kindInput     = "inputData"
	kindDecision  = "decision"
	kindKnowledge = "businessKnowledgeModel"
	kindService   = "decisionService"
)

// element is a node of the decision requirements graph.
type element struct {
	kind     string
	id, name string // name is in the form of feel.Name
	model    *Model
	node     *node
	typ      *feel.Type
	symbols  *feel.Symbols
	// needs are the inputs and decisions, knowledge the models and services, that it requires.
	needs, knowledge []*element
	body             feel.Part
	table            *table // of a decision that is one
	// parameters are those of a business knowledge model.
	parameters []feel.Parameter
	// outputs, inner and given are those of a decision service.
	outputs, given []*element
}

// alias returns under which name of an import an element of another model is seen; imported is false for
// the model's own.
func (m *Model) alias(e *element) (name string, imported bool) {
	if e.model == m {
		return "", false
	}
	for alias, other := range m.imports {
		if other == e.model || other.merges(e.model, 0) {
			return alias, true
		}
	}
	return "", false
}

// merges reports whether what another model holds belongs to this one, by imports without a name.
func (m *Model) merges(other *Model, depth int) bool {
	return depth < maxImports && slices.ContainsFunc(m.merged, func(i *Model) bool {
		return i == other || i.merges(other, depth+1)
	})
}

// own is the element of this model that has the name of one of a model that it imports without a name, which
// it then hides; otherwise that element.
func (m *Model) own(e *element) *element {
	if e.model == m || len(m.merged) == 0 || !m.merges(e.model, 0) {
		return e
	}
	for _, mine := range m.elements {
		if mine.name == e.name {
			return mine
		}
	}
	return e
}

// lookup finds an element by its id: the model's own, or the first of those that it imports without a name.
func (m *Model) lookup(id string, depth int) *element {
	if e := m.byID[id]; e != nil || depth > maxImports {
		return e
	}
	for _, i := range m.merged {
		if e := i.lookup(id, depth+1); e != nil {
			return e
		}
	}
	return nil
}

// seen is the name of an element in this model: that of another one begins with the name of its import.
func (m *Model) seen(e *element) string {
	if alias, imported := m.alias(e); imported {
		return feel.Name(alias + "." + e.name)
	}
	return e.name
}
