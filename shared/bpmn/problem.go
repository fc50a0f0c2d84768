package bpmn

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"diom.io/workflow/shared/fault"
)

// What Read returns instead of definitions. All but ErrModel stand for one place in the XML, given
// by the line of their only detail.
var (
	// ErrModel has one detail for every problem of the model (Rule is a code of Rules).
	ErrModel = fault.New(fault.Invalid, "invalid_model", "The BPMN model cannot be deployed.")
	// ErrTooLarge is a file of more than Options.MaxBytes bytes.
	ErrTooLarge = fault.New(fault.TooLarge, "model_too_large", "The BPMN file is too large.")
	// ErrEmpty is a file without a byte, or with white space alone.
	ErrEmpty = fault.New(fault.Malformed, "xml_empty", "The BPMN file is empty.")
	// ErrNotWellFormed is a breach of XML 1.0 or of Namespaces in XML 1.0 without a code of its own.
	ErrNotWellFormed = fault.New(fault.Malformed, "xml_not_well_formed", "The file is not well-formed XML.")
	// ErrEncoding is an encoding other than UTF-8, GBK and GB18030, or bytes that are not in it.
	ErrEncoding = fault.New(fault.Malformed, "xml_encoding", "The encoding of the file cannot be read.")
	// ErrDoctype is a document type or another directive.
	ErrDoctype = fault.New(fault.Malformed, "xml_doctype", "The file has a document type declaration.")
	// ErrTwoRoots is a second element beside the root.
	ErrTwoRoots = fault.New(fault.Malformed, "xml_two_roots", "The file has more than one root element.")
	// ErrInstruction is a processing instruction that is not the XML declaration.
	ErrInstruction = fault.New(fault.Malformed, "xml_processing_instruction", "The file has a processing instruction.")
	// ErrDuplicateAttribute is one attribute twice on an element, by namespace and local name.
	ErrDuplicateAttribute = fault.New(fault.Malformed, "xml_duplicate_attribute", "An element has an attribute twice.")
	// ErrUndeclaredPrefix is a prefix without a namespace declaration.
	ErrUndeclaredPrefix = fault.New(fault.Malformed, "xml_undeclared_prefix", "A namespace prefix is not declared.")
	// ErrLimit is more elements, attributes, depth or text than a file may have.
	ErrLimit = fault.New(fault.Malformed, "xml_limit", "The file exceeds a limit for XML.")
)

const (
	fixSyntax   = "Open the file in a BPMN modeler, correct it there and save it again."
	fixEncoding = "Save the file in UTF-8, GBK or GB18030 and let the XML declaration say which."
)

// refuse returns the sentinel with the one place where the XML breaks it.
func refuse(sentinel *fault.Error, line int, detail, fix string) error {
	return sentinel.With(fault.Detail{Code: sentinel.Code, Line: line, Detail: sentence(detail), Fix: fix})
}

func encodingProblem(line int, detail string) error {
	return refuse(ErrEncoding, line, detail, fixEncoding)
}

// maxProblems bounds a report; a hostile file can hold more problems than anyone reads.
const maxProblems = 500

// report collects what is wrong with a model.
type report struct {
	errors, warnings []fault.Detail
}

// subject is the element that a problem is about, as a person finds it in the modeler.
type subject struct {
	id, name string
	line     int
}

func (p *Process) subject() subject      { return subject{p.Key, p.Name, p.Line} }
func (f *FlowNode) subject() subject     { return subject{f.ID, f.Name, f.Line} }
func (f *SequenceFlow) subject() subject { return subject{f.ID, f.Name, f.Line} }

// add records a breach of a rule; without text the rule's reason is the detail.
func (r *report) add(code string, s subject, format string, arguments ...any) {
	r.addFix(code, s, "", format, arguments...)
}

// addFix is add with a fix that is more precise than the rule's.
func (r *report) addFix(code string, s subject, fix, format string, arguments ...any) {
	broken := rules[code]
	text := broken.Reason
	if format != "" {
		text = fmt.Sprintf(format, arguments...)
	}
	detail := fault.Detail{
		Code: code, Rule: code, Element: clip(s.id), Name: clip(s.name), Line: s.line,
		Detail: sentence(text), Fix: cmp.Or(fix, broken.Fix),
	}
	if broken.Warning {
		r.warnings = append(r.warnings, detail)
		return
	}
	r.errors = append(r.errors, detail)
}

// finish sorts by line, keeping the order of discovery within one, bounds and points to the file.
func finish(details []fault.Detail, file string) []fault.Detail {
	slices.SortStableFunc(details, func(a, b fault.Detail) int { return cmp.Compare(a.Line, b.Line) })
	if surplus := len(details) - maxProblems; surplus > 0 {
		details = append(details[:maxProblems:maxProblems], fault.Detail{
			Code: ruleMore, Rule: ruleMore, Line: details[maxProblems].Line,
			Detail: fmt.Sprintf("There are %d more.", surplus), Fix: rules[ruleMore].Fix,
		})
	}
	if file != "" {
		pointer := "/resources/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(file)
		for i := range details {
			details[i].Pointer = pointer
		}
	}
	return details
}

// sentence makes text that was composed of parts one: a capital first, a full stop last.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	if first := text[0]; 'a' <= first && first <= 'z' {
		text = string(first-'a'+'A') + text[1:]
	}
	if last := text[len(text)-1]; last != '.' && last != '!' && last != '?' {
		text += "."
	}
	return text
}
