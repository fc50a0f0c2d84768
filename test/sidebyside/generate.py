"""Random executable BPMN processes, the same for the same seed."""
import random
from xml.sax.saxutils import escape, quoteattr

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="sidebyside">\n'
)
CONDITIONS = ["a", "b", "!a", "!b", "n > 1", "n > 2", "x == 5", "a && b", "n < 2 || b"]
WATCHED = ["n > 2", "!b", "a", "x == 9", "s == 'new'"]


class Scope:
    """What is in a process or a sub-process, as it is written."""

    def __init__(self, kind, depth):
        self.kind, self.depth, self.parts, self.notes, self.catches_cancel = kind, depth, [], [], False


class Model:
    """budget is about how many elements the model has."""

    def __init__(self, seed, budget=None):
        self.random = random.Random(seed)
        self.key = f"random{seed}"
        self.left = budget or self.random.choice([3, 4, 6, 8, 12, 18])
        self.count, self.roots, self.callable, self.features = 0, [], [], set()
        self.defined = {}

    # Small things

    def chance(self, percent):
        return self.random.randrange(100) < percent

    def new(self, kind):
        self.count += 1
        self.features.add(kind)
        return f"{kind}{self.count}"

    def condition(self):
        return "${" + self.random.choice(CONDITIONS) + "}"

    def define(self, kind, name, extra=""):
        """The id of a root element of that name."""
        ident = f"{kind}_{name}"
        if ident not in self.defined:
            self.defined[ident] = True
            self.roots.append(f'<{kind} id="{ident}" name="{self.key}.{name}"{extra}/>')
        return ident

    def error(self):
        code = self.random.choice(["E1", "E2"])
        return self.define("error", code, f' errorCode="{code}"')

    def escalation(self):
        code = self.random.choice(["C1", "C2"])
        return self.define("escalation", code, f' escalationCode="{code}"')

    def flow(self, scope, source, target, condition=None):
        ident = self.new("flow")
        inner = f'<conditionExpression xsi:type="tFormalExpression">{escape(condition)}</conditionExpression>' if condition else ""
        scope.parts.append(f'<sequenceFlow id="{ident}" sourceRef="{source}" targetRef="{target}">{inner}</sequenceFlow>')
        return ident

    def add(self, scope, tag, ident, inner="", **attributes):
        text = "".join(f" {name.replace('__', ':')}={quoteattr(str(value))}" for name, value in attributes.items())
        scope.parts.append(f'<{tag} id="{ident}"{text}>{inner}</{tag}>')

    def asynchronous(self, percent=12):
        out = {}
        if self.chance(percent):
            out["camunda__asyncBefore"] = "true"
        if self.chance(percent):
            out["camunda__asyncAfter"] = "true"
        if out and self.chance(20):
            out["camunda__exclusive"] = "false"
        if out:
            self.features.add("async")
        return out

    # Events

    def timer(self, cycles):
        if cycles and self.chance(30):
            return "<timerEventDefinition><timeCycle>R3/PT10M</timeCycle></timerEventDefinition>"
        return "<timerEventDefinition><timeDuration>PT10M</timeDuration></timerEventDefinition>"

    def trigger(self, kind, once=None):
        """An event definition that something waits for. once are the names that the scope has already."""
        if kind == "timer":
            return self.timer(False)
        if kind == "conditional":
            extra = ' camunda:variableName="n"' if self.chance(15) else ""
            return f'<conditionalEventDefinition{extra}><condition xsi:type="tFormalExpression">${{{escape(self.random.choice(WATCHED))}}}</condition></conditionalEventDefinition>'
        if kind in ("message", "signal"):
            name = f"{kind[0]}{self.count}" if once is not None else self.random.choice([f"{kind[0]}A", f"{kind[0]}B"])
            return f'<{kind}EventDefinition {kind}Ref="{self.define(kind, name)}"/>'
        if kind == "error":
            reference = f' errorRef="{self.error()}"' if self.chance(70) else ""
            extra = ' camunda:errorCodeVariable="caught"' if self.chance(30) else ""
            return f"<errorEventDefinition{reference}{extra}/>"
        if kind == "escalation":
            reference = f' escalationRef="{self.escalation()}"' if self.chance(70) else ""
            extra = ' camunda:escalationCodeVariable="caught"' if self.chance(30) else ""
            return f"<escalationEventDefinition{reference}{extra}/>"
        raise ValueError(kind)

    # Activities

    def extension(self, events):
        """Input and output parameters, listeners."""
        parts = ""
        if self.chance(15):
            self.features.add("mapping")
            inputs = self.random.choice(['<camunda:inputParameter name="n">${n + 1}</camunda:inputParameter>', '<camunda:inputParameter name="own">${s}</camunda:inputParameter>', ""])
            outputs = self.random.choice(['<camunda:outputParameter name="out">${n}</camunda:outputParameter>', '<camunda:outputParameter name="n">${x}</camunda:outputParameter>', ""])
            if "multi" in events:
                outputs = ""
            parts += f"<camunda:inputOutput>{inputs}{outputs}</camunda:inputOutput>"
        if self.chance(6):
            self.features.add("listener")
            event = self.random.choice(["start", "end"])
            parts += f'<camunda:executionListener event="{event}" expression="${{execution.setVariable(\'heard\', \'{event}\')}}"/>'
        return f"<extensionElements>{parts}</extensionElements>" if parts else ""

    def loop(self):
        """Multi-instance, or nothing."""
        if not self.chance(16):
            return ""
        self.features.add("multi")
        attributes = ' isSequential="true"' if self.chance(45) else ""
        if self.chance(15):
            attributes += ' camunda:asyncBefore="true"'
            self.features.add("async")
        inner = "<loopCardinality>2</loopCardinality>"
        if self.chance(30):
            attributes += ' camunda:collection="list" camunda:elementVariable="item"'
            inner = ""
        elif self.chance(20):
            inner = "<loopCardinality>${n}</loopCardinality>"
        if self.chance(25):
            inner += f"<completionCondition>{escape(self.random.choice(['${nrOfCompletedInstances == 1}', '${a}', '${n > 2}']))}</completionCondition>"
        return f"<multiInstanceLoopCharacteristics{attributes}>{inner}</multiInstanceLoopCharacteristics>"

    def activity(self, scope):
        """One activity with what is around it; returns its id."""
        import blocks
        self.left -= 1
        kinds = ["userTask"] * 6 + ["external"] * 3 + ["expression"] * 2 + ["receiveTask", "sendTask", "manualTask", "scriptTask", "task"]
        if self.left > 0 and scope.depth < 3:
            kinds += ["subProcess"] * 5 + ["transaction"] * 2
        if self.callable and self.left > 0:
            kinds += ["callActivity"] * 2
        kind = self.random.choice(kinds)
        ident = self.new({"external": "serviceTask", "expression": "serviceTask"}.get(kind, kind))
        loop = self.loop()
        extension, attributes = self.extension("multi" if loop else ""), self.asynchronous()
        tag, more, inner = kind, {}, ""
        match kind:
            case "external":
                tag, more = "serviceTask", {"camunda__type": "external", "camunda__topic": f"{self.key}.{ident}"}
            case "expression":
                tag, more = "serviceTask", {"camunda__expression": self.random.choice(["${execution.setVariable('n', n + 1)}", "${n + 1}", "${execution.setVariable('a', !a)}"])}
                if self.chance(40):
                    more["camunda__resultVariable"] = self.random.choice(["n", "made"])
            case "sendTask":
                more = {"camunda__type": "external", "camunda__topic": f"{self.key}.{ident}"}
            case "receiveTask":
                more = {"messageRef": self.define("message", f"r{self.count}")}
            case "scriptTask":
                more, inner = {"scriptFormat": "juel", "camunda__resultVariable": "made"}, "<script>${n * 2}</script>"
            case "callActivity":
                return blocks.call(self, scope, ident, loop, attributes)
            case "subProcess" | "transaction":
                return blocks.sub_process(self, scope, ident, tag, (extension, loop, attributes))
        self.add(scope, tag, ident, extension + self.inner_order(kind, inner, loop), **attributes, **more)
        blocks.boundaries(self, scope, ident, kind, loop)
        return ident

    @staticmethod
    def inner_order(kind, inner, loop):
        """The script comes after the characteristics."""
        return loop + inner

    # The whole

    def process(self, key, budget):
        import blocks
        scope = Scope("process", 0)
        kept, self.left = self.left, budget
        start, end = self.new("startEvent"), self.new("endEvent")
        self.add(scope, "startEvent", start, **self.asynchronous(4))
        first, last = blocks.block(self, scope)
        while self.left > 0:
            following, further = blocks.block(self, scope)
            self.flow(scope, last, following)
            last = further
        self.flow(scope, start, first)
        self.flow(scope, last, end)
        self.add(scope, "endEvent", end)
        blocks.event_sub_processes(self, scope)
        self.left = kept
        return f'<process id="{key}" isExecutable="true" camunda:historyTimeToLive="1">' + "\n".join(scope.parts + scope.notes) + "</process>\n"

    def xml(self):
        budget, body = self.left, ""
        if self.chance(25):
            body += self.process(self.key + "called", self.random.choice([1, 2, 4]))
            self.callable.append(self.key + "called")
        body += self.process(self.key, budget)
        return (HEAD + "\n".join(self.roots) + "\n" + body + "</definitions>\n").encode()
