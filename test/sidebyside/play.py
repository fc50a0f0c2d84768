"""Plays random actions on two engines at once and compares what can be seen after each."""
import random
import re
import time
import uuid
from urllib.parse import quote

from state import State, history, instances, text

STARTS = [
    {"n": 1, "a": True, "b": True, "x": 5, "s": "one", "list": ["p", "q"]},
    {"n": 3, "a": False, "b": True, "x": 5, "s": "two", "list": []},
    {"n": 2, "a": True, "b": False, "x": 7, "s": "three", "list": ["r"]},
    {"n": 0, "a": False, "b": False, "x": 0, "s": "", "list": ["p", "q", "r"]},
]
CHANGES = [{}, {"n": 1}, {"n": 3, "b": True}, {"a": False, "b": False}, {"a": True, "s": "new"}, {"x": 9, "fresh": 1}]
ERRORS = ["E1", "E2", "none"]
ESCALATIONS = ["C1", "C2", "none"]


def typed(values):
    """Lists are written as JSON objects, as Camunda's clients do without Java classes."""
    out = {}
    for name, value in values.items():
        if isinstance(value, list):
            out[name] = {"type": "Object", "value": text(value), "valueInfo": {"objectTypeName": "java.util.ArrayList<java.lang.String>", "serializationDataFormat": "application/json"}}
        else:
            out[name] = {"value": value}
    return out


# What Camunda 7 says where a model needs Java code, which it does not have here.
JAVA = re.compile(r"Cannot resolve identifier|Cannot load class|Exception while instantiating class|Unknown method used")


class NeedsJava(Exception):
    """The run goes no further: in the product, Java code is a worker's job."""


class Difference(Exception):
    """Where the engines differ: what kind, and what each of them shows."""

    def __init__(self, kind, one, other):
        super().__init__(kind)
        self.kind, self.one, self.other = kind, one, other


class Play:
    """One instance in both engines."""

    def __init__(self, engines, key, seed, operate):
        self.engines, self.key, self.seed, self.operate = engines, key, seed, operate
        self.random = random.Random(f"{key} {seed}")
        self.log, self.ids, self.actions, self.states = [], [], 0, 0
        self.business = uuid.uuid4().hex[:8]

    def both(self, what, call):
        """call(engine, index) is made on both; they must agree on success."""
        answers = [call(engine, i) for i, engine in enumerate(self.engines)]
        self.actions += 1
        self.log.append((what, answers[0][0], answers[1][0]))
        if JAVA.search(text(answers[0][1])):
            raise NeedsJava
        if (answers[0][0] < 300) != (answers[1][0] < 300) or (answers[0][0] < 500) != (answers[1][0] < 500):
            raise Difference("answer", answers[0], answers[1])
        return answers

    def run(self, steps):
        """Raises Difference."""
        values = self.random.choice(STARTS)
        body = {"variables": typed(values), "businessKey": self.business}
        answers = self.both(f"start {values}", lambda e, _: e.call("POST", f"/process-definition/key/{self.key}/start", body))
        if answers[0][0] >= 300:
            return
        self.ids = [a[1]["id"] for a in answers]
        for _ in range(steps):
            one, other = self.compare()
            if not one.trees:
                break
            if not self.step(one, other):
                break
        self.compare_history()

    def compare(self):
        """Called instances of ours begin a moment later."""
        for _ in range(12):
            states = [State(e, pid) for e, pid in zip(self.engines, self.ids)]
            self.states += 1
            if text(states[0].shown) == text(states[1].shown):
                return states
            if "callActivity" not in self.features:
                break
            time.sleep(0.25)
        raise Difference("state", *apart(states[0].shown, states[1].shown))

    features = ""

    def step(self, one, other):
        if self.operate and self.random.randrange(4) == 0:
            import operations
            return operations.one(self, one, other)
        if not one.acts:
            return False
        at = self.random.randrange(len(one.acts))
        key, first = one.acts[at]
        match = [what for k, what in other.acts if k == key] or [what for k, what in other.acts if k[:2] == key[:2]]
        if not match:
            raise Difference("no such action", key, [k for k, _ in other.acts])
        items = [first, match[0]]
        if key[0] == "job":
            items = [[what for k, what in one.acts if k == key], match]
        getattr(self, "do_" + key[0])(key, items)
        return True

    def change(self):
        return typed(self.random.choice(CHANGES))

    def do_task(self, key, items):
        body, kind = {"variables": self.change()}, "complete"
        match self.random.randrange(8):
            case 0:
                kind = "bpmnError"
                body |= {"errorCode": self.random.choice(ERRORS), "errorMessage": "m"}
            case 1:
                kind = "bpmnEscalation"
                body |= {"escalationCode": self.random.choice(ESCALATIONS)}
        self.both(f"{kind} {key} {body}", lambda e, i: e.call("POST", f"/task/{items[i]['id']}/{kind}", body))

    def do_external(self, key, items):
        topic = {"topicName": items[0]["topicName"], "lockDuration": 60000}
        for engine in self.engines:
            engine.call("POST", "/external-task/fetchAndLock", {"workerId": "w", "maxTasks": 100, "topics": [topic]})
        body, kind = {"workerId": "w", "variables": self.change()}, "complete"
        match self.random.randrange(8):
            case 0 | 1:
                kind = "bpmnError"
                body |= {"errorCode": self.random.choice(ERRORS), "errorMessage": "m"}
            case 2:
                kind = "failure"
                body |= {"errorMessage": "m", "retries": self.random.randrange(2), "retryTimeout": 0}
            case 3:
                body["localVariables"] = typed({"local": 1})
        self.both(f"{kind} {key} {body}", lambda e, i: e.call("POST", f"/external-task/{items[i]['id']}/{kind}", body))

    def do_job(self, key, items):
        for pair in zip(*items):  # jobs that cannot be told apart are executed together
            self.both(f"execute {key}", lambda e, i, pair=pair: e.call("POST", f"/job/{pair[i]['id']}/execute", {}))

    def do_wait(self, key, items):
        kind, name, _ = key[1]
        values = self.change()
        if kind == "signal":
            self.both(f"signal {key} {values}", lambda e, i: e.call("POST", "/signal", {"name": name, "executionId": items[i]["executionId"], "variables": values}))
        elif self.random.randrange(2):
            self.both(f"trigger {key} {values}", lambda e, i: e.call("POST", f"/execution/{items[i]['executionId']}/messageSubscriptions/{quote(name, safe='')}/trigger", {"variables": values}))
        else:
            self.both(f"message {key} {values}", lambda e, i: e.call("POST", "/message", {"messageName": name, "processInstanceId": items[i]["processInstanceId"], "processVariables": values}))

    def compare_history(self):
        found = []
        for engine, pid in zip(self.engines, self.ids):
            ended = engine.call("GET", f"/process-instance/{pid}")[0] != 200
            found.append(history(engine, pid, ended))
        if text(found[0]) != text(found[1]):
            raise Difference("history", *apart(*found))

    def clean(self):
        for engine, pid in zip(self.engines, self.ids):
            for one in instances(engine, pid):
                engine.call("DELETE", f"/process-instance/{one}?skipIoMappings=true&skipCustomListeners=true&failIfNotExists=false")


def apart(one, other):
    """The parts of two states that differ; of lists what the other has not."""
    if isinstance(one, dict) and isinstance(other, dict):
        parts = {name: apart(one[name], other[name]) for name in one if text(one[name]) != text(other[name])}
        return {n: p[0] for n, p in parts.items()}, {n: p[1] for n, p in parts.items()}
    if isinstance(one, list) and isinstance(other, list) and one and isinstance(one[0], dict) and len(one) == len(other):
        pairs = [apart(a, b) for a, b in zip(one, other)]
        return [p[0] for p in pairs], [p[1] for p in pairs]
    if isinstance(one, list) and isinstance(other, list) and one[:1] != ["*"]:
        return less(one, other), less(other, one)
    return one, other


def less(one, other):
    """What one list has more than the other, each as often as it has it."""
    left = list(other)
    out = []
    for item in one:
        if item in left:
            left.remove(item)
        else:
            out.append(item)
    return out
