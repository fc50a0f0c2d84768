package bpmn

import (
	"cmp"
	"maps"
	"slices"
)

// Rule is one thing that Read demands of a model. A breach is a detail of ErrModel, or a warning
// of the definitions when Warning is set, with Code in its Rule.
type Rule struct {
	Code, Reason, Fix string
	Warning           bool
}

// Rules lists every rule by code, for the generated documentation.
func Rules() []Rule {
	list := make([]Rule, 0, len(rules))
	for code, r := range rules {
		r.Code = code
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b Rule) int { return cmp.Compare(a.Code, b.Code) })
	return list
}

// The codes of the rules; they are stable.
const (
	ruleNotBPMN              = "not_bpmn"
	ruleNoExecutable         = "no_executable_process"
	ruleNotExecutable        = "process_not_executable"
	ruleMissingID            = "missing_id"
	ruleInvalidID            = "invalid_id"
	ruleDuplicateID          = "duplicate_id"
	ruleDuplicateKey         = "duplicate_process_key"
	ruleUnsupportedElement   = "unsupported_element"
	ruleUnknownElement       = "unknown_element"
	ruleUnsupportedAttribute = "unsupported_attribute"
	ruleUnsupportedExtension = "unsupported_extension"
	ruleIgnoredExtension     = "ignored_extension"
	ruleForeignExtension     = "foreign_extension"
	ruleUnsupportedLanguage  = "unsupported_language"
	ruleBadExpression        = "bad_expression"
	ruleLiteralCondition     = "literal_condition"
	ruleEmptyCondition       = "empty_condition"
	ruleDanglingFlow         = "dangling_flow"
	ruleCrossingFlow         = "flow_crosses_process"
	ruleNoStart              = "no_start_event"
	ruleSeveralStarts        = "several_start_events"
	ruleStartIncoming        = "start_event_with_incoming"
	ruleEndOutgoing          = "end_event_with_outgoing"
	ruleUnreachable          = "unreachable_node"
	ruleNoEnd                = "no_end_reachable"
	ruleNoOutgoing           = "gateway_without_outgoing"
	ruleSingleCondition      = "gateway_single_condition"
	ruleUnconditioned        = "gateway_unconditioned_flow"
	ruleImplicitDefault      = "gateway_implicit_default"
	ruleDefaultCondition     = "default_flow_with_condition"
	ruleDefaultIgnored       = "default_condition_ignored"
	ruleDefaultNotOutgoing   = "default_flow_not_outgoing"
	ruleFormKeyAndRef        = "form_key_and_form_ref"
	ruleFormRef              = "invalid_form_ref"
	ruleFormField            = "invalid_form_field"
	ruleTwoAssignees         = "several_assignees"
	ruleStarterExpression    = "starter_expression"
	ruleAssignment           = "assignment_without_expression"
	rulePriority             = "invalid_priority"
	ruleTimeToLive           = "invalid_history_time_to_live"
	ruleMore                 = "too_many_problems"

	ruleNotAttached      = "boundary_event_not_attached"
	ruleBoundaryIncoming = "boundary_event_with_incoming"
	ruleErrorInterrupts  = "error_event_not_interrupting"
	ruleSeveralTriggers  = "several_triggers"
	ruleNoTrigger        = "event_without_trigger"
	ruleMisplacedTrigger = "misplaced_trigger"
	ruleInnerTrigger     = "inner_start_with_trigger"
	ruleNoMessage        = "missing_message"
	ruleMessageName      = "invalid_message_name"
	ruleStartMessage     = "start_message_expression"
	ruleSameMessage      = "duplicate_message"
	ruleNoSignal         = "missing_signal"
	ruleSignalName       = "invalid_signal_name"
	ruleStartSignal      = "start_signal_expression"
	ruleSameSignal       = "duplicate_signal"
	ruleSignalPayload    = "invalid_signal_payload"
	ruleNothingThrown    = "message_event_without_message"
	ruleTimer            = "invalid_timer"
	ruleNoErrorCode      = "error_without_code"
	ruleSameError        = "duplicate_error_event"
	ruleNoWork           = "missing_implementation"
	ruleTopic            = "invalid_topic"
	ruleWorkerNeeded     = "worker_needed"
	ruleRetries          = "invalid_retry_cycle"
	ruleMappingPlace     = "misplaced_mapping"
	ruleMapping          = "invalid_mapping"
	ruleGatewayTarget    = "event_gateway_target"
	ruleGatewayShared    = "event_gateway_shared_event"
	ruleConditionIgnored = "flow_condition_ignored"

	ruleLinkName   = "link_without_name"
	ruleLinkFlow   = "link_event_with_flow"
	ruleLinkTarget = "link_without_target"
	ruleLinkSource = "link_without_source"
	ruleLinkTwice  = "duplicate_link"
	ruleLinkScope  = "link_crosses_scope"

	ruleEscalation      = "missing_escalation"
	ruleEscalationCode  = "escalation_without_code"
	ruleEscalationHost  = "escalation_event_host"
	ruleEscalationTwice = "duplicate_escalation_event"

	ruleHandlerFlow         = "compensation_handler_with_flow"
	ruleHandlerBorder       = "compensation_handler_with_boundary_event"
	ruleHandlerUnused       = "compensation_handler_unused"
	ruleNoHandler           = "compensation_without_handler"
	ruleNotHandler          = "invalid_compensation_handler"
	ruleTwoHandlers         = "duplicate_compensation"
	ruleProcessHandler      = "compensation_of_process"
	ruleCompensationFlow    = "compensation_event_with_outgoing"
	ruleActivityRef         = "invalid_activity_ref"
	ruleCompensationIgnored = "compensation_attribute_ignored"

	ruleCancelEnd      = "cancel_outside_transaction"
	ruleCancelHost     = "cancel_event_host"
	ruleCancelTwice    = "duplicate_cancel_event"
	ruleCancelUncaught = "cancel_without_boundary_event"

	ruleNoCondition    = "missing_condition"
	ruleVariableEvents = "invalid_variable_events"
	ruleSameCondition  = "duplicate_condition"

	ruleEventSubStart = "event_sub_process_start"
	ruleEventSubFlow  = "event_sub_process_with_flow"
	ruleEventSubPlace = "event_sub_process_as_activity"

	ruleListener   = "invalid_listener"
	ruleNoReceived = "receive_without_message"
	ruleBean       = "bean_needed"
	ruleResource   = "missing_resource"

	ruleApproval = "invalid_approval"
	ruleCopy     = "invalid_copy"
	ruleRequest  = "invalid_request"
	ruleTimeout  = "invalid_timeout"
	// The rights of fields.
	ruleFieldRights = "invalid_field_rights"

	ruleLoopMaximum = "invalid_loop_maximum"
	ruleLoopOnce    = "loop_once"

	ruleLoopPlace       = "misplaced_loop_marker"
	ruleLoopCount       = "multi_instance_without_count"
	ruleLoopCardinality = "invalid_loop_cardinality"
	ruleLoopElement     = "invalid_element_variable"

	ruleNoCalled    = "missing_called_element"
	ruleCallBinding = "invalid_call_binding"
	ruleCallMapping = "invalid_call_mapping"

	ruleDecisionBinding = "invalid_decision_binding"
	ruleDecisionMapping = "invalid_decision_mapping"
)

// rules is the one table of what is checked, in parts. BPMN 2.0.2 and Camunda 7's parser are the
// sources; the gateway rules are Camunda's, word for word in their effect.
var rules = union(fileRules, extensionRules, flowRules, eventRules, linkRules, escalationRules, compensationRules, transactionRules, callRules, eventSubProcessRules, conditionalRules, codeRules, decisionRules, approvalRules, fieldRules)

func union(parts ...map[string]Rule) map[string]Rule {
	all := map[string]Rule{}
	for _, part := range parts {
		maps.Copy(all, part)
	}
	return all
}
