"""The parts that random processes are made of. A block is added to a scope and returns the ids of the nodes that it
begins and ends with."""
from generate import Scope

THROWS = ["none", "signal", "escalation", "compensation", "link"]


def block(model, scope):
    model.left -= 1
    choices = ["activity"] * 8 + ["exclusive", "parallel", "parallel", "inclusive", "inclusive", "events", "catch", "throw", "throw"] + ["again"]
    if model.left < 1:
        choices = ["activity"] * 4 + ["catch", "throw"]
    return BLOCKS[model.random.choice(choices)](model, scope)


def chain(model, scope, longest=2):
    first, last = block(model, scope)
    for _ in range(model.random.randrange(longest)):
        if model.left < 1:
            break
        following, further = block(model, scope)
        model.flow(scope, last, following)
        last = further
    return first, last


def one_activity(model, scope):
    ident = model.activity(scope)
    if model.chance(4):  # an implicit split
        stray, end = model.new("manualTask"), model.new("endEvent")
        model.add(scope, "manualTask", stray)
        model.add(scope, "endEvent", end)
        model.flow(scope, ident, stray, model.condition() if model.chance(50) else None)
        model.flow(scope, stray, end)
    return ident, ident


def split(kind):
    def make(model, scope):
        fork, join = model.new(kind), model.new(kind)
        count = model.random.choice([2, 2, 3])
        default, flows = None, []
        for i in range(count):
            condition = None if kind == "parallelGateway" or i == count - 1 else model.condition()
            if model.left > 0 and model.chance(85):
                first, last = chain(model, scope)
                flows.append(model.flow(scope, fork, first, condition))
                if model.chance(12):
                    end_path(model, scope, last)
                else:
                    model.flow(scope, last, join)
            else:
                flows.append(model.flow(scope, fork, join, condition))
            default = flows[-1]
        more = {} if kind == "parallelGateway" else {"default": default}
        model.add(scope, kind, fork, **more, **model.asynchronous(6))
        model.add(scope, kind, join, **model.asynchronous(6))
        return fork, join
    return make


def end_path(model, scope, last):
    """An end event of any kind."""
    end = model.new("endEvent")
    model.flow(scope, last, end)
    kinds = ["none", "terminate", "error", "escalation", "signal", "compensate"]
    if scope.catches_cancel:
        kinds += ["cancel"] * 4
    kind = model.random.choice(kinds)
    model.features.add("end " + kind)
    inner = {
        "none": lambda: "",
        "terminate": lambda: "<terminateEventDefinition/>",
        "error": lambda: f'<errorEventDefinition errorRef="{model.error()}"/>',
        "escalation": lambda: f'<escalationEventDefinition escalationRef="{model.escalation()}"/>',
        "signal": lambda: f'<signalEventDefinition signalRef="{model.define("signal", "sA")}"/>',
        "compensate": lambda: "<compensateEventDefinition/>",
        "cancel": lambda: "<cancelEventDefinition/>",
    }[kind]()
    model.add(scope, "endEvent", end, inner, **model.asynchronous(4))


def events(model, scope):
    gateway, join = model.new("eventBasedGateway"), model.new("exclusiveGateway")
    model.add(scope, "eventBasedGateway", gateway)
    for kind in model.random.sample(["timer", "message", "signal", "conditional"], 2):
        event = model.new("intermediateCatchEvent")
        model.add(scope, "intermediateCatchEvent", event, model.trigger(kind, True), **model.asynchronous(0))
        model.flow(scope, gateway, event)
        if model.left > 0 and model.chance(40):
            first, last = chain(model, scope, 1)
            model.flow(scope, event, first)
            event = last
        model.flow(scope, event, join)
    model.add(scope, "exclusiveGateway", join)
    return gateway, join


def catch(model, scope):
    ident = model.new("intermediateCatchEvent")
    kind = model.random.choice(["timer", "message", "signal", "conditional"])
    model.features.add("catch " + kind)
    model.add(scope, "intermediateCatchEvent", ident, model.extension("") + model.trigger(kind, True), **model.asynchronous(6))
    return ident, ident


def throw(model, scope):
    kind = model.random.choice(THROWS)
    model.features.add("throw " + kind)
    ident = model.new("intermediateThrowEvent")
    if kind == "link":
        to = model.new("intermediateCatchEvent")
        model.add(scope, "intermediateThrowEvent", ident, f'<linkEventDefinition name="{to}"/>')
        model.add(scope, "intermediateCatchEvent", to, f'<linkEventDefinition name="{to}"/>')
        return ident, to
    inner = {
        "none": lambda: "",
        "signal": lambda: f'<signalEventDefinition signalRef="{model.define("signal", model.random.choice(["sA", "sB"]))}"/>',
        "escalation": lambda: f'<escalationEventDefinition escalationRef="{model.escalation()}"/>',
        "compensation": lambda: "<compensateEventDefinition/>",
    }[kind]()
    model.add(scope, "intermediateThrowEvent", ident, inner, **model.asynchronous(6))
    return ident, ident


def again(model, scope):
    """A loop that a variable ends."""
    first, last = chain(model, scope, 1)
    enter, leave = model.new("exclusiveGateway"), model.new("exclusiveGateway")
    count = model.new("serviceTask")
    model.add(scope, "exclusiveGateway", enter)
    model.add(scope, "serviceTask", count, camunda__expression="${execution.setVariable('n', n + 1)}")
    model.flow(scope, enter, first)
    model.flow(scope, last, count)
    model.flow(scope, count, leave)
    back = model.flow(scope, leave, enter, "${n < 3}")
    exit_join = model.new("exclusiveGateway")
    default = model.flow(scope, leave, exit_join)
    model.add(scope, "exclusiveGateway", leave, default=default)
    model.add(scope, "exclusiveGateway", exit_join)
    assert back
    return enter, exit_join


def boundaries(model, scope, ident, kind, loop):
    """Boundary events with paths of their own, and a handler of compensation."""
    kinds = ["timer", "message", "signal", "conditional"]
    if kind not in ("manualTask", "task", "scriptTask", "receiveTask"):
        kinds.append("error")
    if kind in ("subProcess", "transaction", "callActivity", "userTask"):
        kinds.append("escalation")
    for trigger in model.random.sample(kinds, model.random.choice([0, 0, 0, 0, 1, 1, 2])):
        event = model.new("boundaryEvent")
        model.features.add("boundary " + trigger)
        interrupting = trigger == "error" or model.chance(55)
        definition = model.timer(True) if trigger == "timer" and not interrupting else model.trigger(trigger)
        model.add(scope, "boundaryEvent", event, definition, attachedToRef=ident, cancelActivity=str(interrupting).lower())
        path(model, scope, event)
    if model.chance(14):
        model.features.add("compensation")
        event, handler = model.new("boundaryEvent"), model.new("userTask")
        model.add(scope, "boundaryEvent", event, "<compensateEventDefinition/>", attachedToRef=ident)
        model.add(scope, "userTask", handler, isForCompensation="true")
        scope.notes.append(f'<association id="{model.new("association")}" associationDirection="One" sourceRef="{event}" targetRef="{handler}"/>')


def path(model, scope, start):
    """What follows an event: an activity, perhaps, and an end event of any kind."""
    last = start
    if model.left > 0 and model.chance(60):
        first, last = chain(model, scope, 1)
        model.flow(scope, start, first)
    end_path(model, scope, last)


def sub_process(model, scope, ident, tag, around):
    extension, loop, attributes = around
    inner = Scope(tag, scope.depth + 1)
    inner.catches_cancel = tag == "transaction"
    start, end = model.new("startEvent"), model.new("endEvent")
    model.add(inner, "startEvent", start, **model.asynchronous(4))
    first, last = chain(model, inner, 3)
    model.flow(inner, start, first)
    if model.chance(25):
        end_path(model, inner, last)
    else:
        model.flow(inner, last, end)
        model.add(inner, "endEvent", end)
    event_sub_processes(model, inner)
    model.add(scope, tag, ident, extension + loop + "\n".join(inner.parts + inner.notes), **attributes)
    if tag == "transaction":
        event = model.new("boundaryEvent")
        model.add(scope, "boundaryEvent", event, "<cancelEventDefinition/>", attachedToRef=ident)
        path(model, scope, event)
    boundaries(model, scope, ident, tag, loop)
    return ident


def event_sub_processes(model, scope):
    if not model.chance(22) or scope.depth > 2:
        return
    for kind in model.random.sample(["timer", "message", "signal", "conditional", "error", "escalation"], model.random.choice([1, 1, 2])):
        model.features.add("event sub-process " + kind)
        ident, inner = model.new("subProcess"), Scope("eventSubProcess", scope.depth + 1)
        start, interrupting = model.new("startEvent"), kind == "error" or model.chance(55)
        model.add(inner, "startEvent", start, model.trigger(kind), isInterrupting=str(interrupting).lower())
        path(model, inner, start)
        model.add(scope, "subProcess", ident, "\n".join(inner.parts + inner.notes), triggeredByEvent="true")


def call(model, scope, ident, loop, attributes):
    mapping = model.random.choice([
        '<camunda:in variables="all"/><camunda:out variables="all"/>',
        '<camunda:in variables="all"/><camunda:in businessKey="#{execution.processBusinessKey}"/><camunda:out source="n" target="back"/>',
        '<camunda:in variables="all"/><camunda:in sourceExpression="${n + 1}" target="n"/><camunda:out sourceExpression="${n * 2}" target="back"/>',
        '<camunda:in variables="all"/>',
    ])
    called = model.random.choice(model.callable)
    model.add(scope, "callActivity", ident, f"<extensionElements>{mapping}</extensionElements>" + loop, calledElement=called, **attributes)
    boundaries(model, scope, ident, "callActivity", loop)
    return ident


BLOCKS = {
    "activity": one_activity, "exclusive": split("exclusiveGateway"), "parallel": split("parallelGateway"), "inclusive": split("inclusiveGateway"),
    "events": events, "catch": catch, "throw": throw, "again": again,
}
