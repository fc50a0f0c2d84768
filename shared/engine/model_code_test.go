package engine_test

import "fmt"

// extensions puts parameters and, sometimes, listeners into extensionElements.
func (m *model) extensions(mapping string) string {
	if mapping != "" {
		mapping = "<camunda:inputOutput>" + mapping + "</camunda:inputOutput>"
	}
	if m.chance("listeners", 6) {
		for range 2 {
			mapping += m.listener("execution", m.one("listens to", "start", "end"))
		}
	}
	if mapping == "" {
		return ""
	}
	return "<extensionElements>" + mapping + "</extensionElements>"
}

// listener draws one that is evaluated, which may fail, or one that a worker does.
func (m *model) listener(kind, event string) string {
	what := m.one("listener", `expression="${execution.setVariable('heard', a + 1)}"`, `expression="${execution.setVariable('a', b)}"`,
		`expression="${a}"`, `class="com.acme.Listener"`, `delegateExpression="${listener}"`)
	return fmt.Sprintf("<camunda:%sListener event=%q %s/>", kind, event, what)
}

// taskListeners draws those of a user task, mostly none, and what else is in its content.
func (m *model) taskListeners(content string) string {
	if content != "" || !m.chance("task listeners", 3) {
		return content
	}
	return "<extensionElements>" + m.listener("task", m.one("of the task", "create", "complete")) +
		`<camunda:taskListener event="delete" expression="${task.setVariable('deleted', a)}"/>` +
		`<camunda:taskListener event="timeout" id="t" expression="${task.setVariable('late', b)}">` + m.timer(false) + "</camunda:taskListener></extensionElements>"
}

// looped is a standard loop.
func (m *model) looped() string {
	return m.one("standard loop", `<standardLoopCharacteristics loopMaximum="2"/>`,
		`<standardLoopCharacteristics loopMaximum="3" testBefore="true"><loopCondition>${again == 0}</loopCondition></standardLoopCharacteristics>`,
		`<standardLoopCharacteristics loopMaximum="3"><loopCondition>${loopCounter == b}</loopCondition></standardLoopCharacteristics>`)
}
