"""Scripts of REST calls that are played on both engines; every answer must be the same but for ids and times."""
import json
import re

from known import of_script
from play import typed
from state import DATE, tree

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="sidebyside">\n'
)
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# A plain id, key:version:id of a definition, node:id of an activity instance, instance:token of an execution.
IDS = re.compile(r"(?:[A-Za-z_][\w#.-]*:)?(?:\d+:)?" + UUID + r"(?::\d+)*")
NAME = re.compile(r"\{(\w+)\}")
# What is of no use to compare, or is the business of one engine: links and how long something took.
UNCOMPARED = {"links", "durationInMillis", "removalTime", "taskState", "link", "operationId", "sequenceCounter"}


def process(key, body, roots="", **attributes):
    """A model of one process; body is as flows reads it."""
    more = "".join(f' {name.replace("__", ":")}="{value}"' for name, value in attributes.items())
    return (HEAD + roots + f'<process id="{key}" isExecutable="true" camunda:historyTimeToLive="1"{more}>' + flows(body) + "</process></definitions>").encode()


def flows(body):
    """Writes "a > b > c" between <- and -> as sequence flows."""
    def one(match):
        out = ""
        for chain in match.group(1).split(","):
            names = [n.strip() for n in chain.split(">")]
            out += "".join(f'<sequenceFlow id="{a}_{b}" sourceRef="{a}" targetRef="{b}"/>' for a, b in zip(names, names[1:]))
        return out
    return re.sub(r"<-(.*?)->", one, body, flags=re.S)


class Answer:
    """What one engine has answered."""

    def __init__(self, status, body):
        self.status, self.body = status, body

    def find(self, at):
        """0/id is the id of the first item, name=x/id that of the item whose name is x."""
        value = self.body
        for part in at.split("/"):
            if isinstance(value, dict):
                value = value.get(part)
            elif isinstance(value, list) and "=" in part:
                name, wanted = part.split("=")
                value = next((item for item in value if str(item.get(name)) == wanted), None)
            elif isinstance(value, list):
                value = value[int(part)] if int(part) < len(value) else None
        return value


def normal(value, ordered=False, fields=None):
    """An answer without ids, times and the order of what has none."""
    if isinstance(value, dict):
        kept = {k: normal(v, ordered) for k, v in value.items() if k not in UNCOMPARED and (fields is None or k in fields)}
        if isinstance(kept.get("type"), str) and "value" in kept and "valueInfo" in kept and kept["type"] == "Long":
            kept["type"] = "Integer"
        return kept
    if isinstance(value, list):
        items = [normal(v, ordered, fields) for v in value]
        return items if ordered else sorted(items, key=lambda v: json.dumps(v, sort_keys=True))
    if isinstance(value, str):
        return DATE.sub("<date>", IDS.sub("<id>", value))
    return value


class Script:
    """One script under way. known are the rules that say what may differ, and why."""

    def __init__(self, name, engines, known):
        self.name, self.engines, self.known = name, engines, known
        self.names = [{}, {}]
        self.steps, self.differences, self.excused, self.note = 0, [], [], ""

    def fill(self, text, i):
        return NAME.sub(lambda m: str(self.names[i].get(m.group(1), m.group(0))), text)

    def deploy(self, key, body, roots="", **attributes):
        """Deploys a model of one process on both; {key} is its definition then. The body may have <- flows ->."""
        xml = body if isinstance(body, bytes) else process(key, body, roots, **attributes)
        found = []
        for i, engine in enumerate(self.engines):
            status, answer = engine.deploy(self.name, {f"{key}.bpmn": xml})
            found.append((status, normal(answer, fields={"type", "message"}) if status >= 300 else None))
            for d in (answer.get("deployedProcessDefinitions") or {}).values() if status < 300 else ():
                self.names[i][d["key"]] = d["id"]
        self.compare(f"deploy {key}", *found)

    def call(self, method, path, body=None, keep=None, **how):
        """One request on both. keep names what the answer has, for later {names}."""
        answers = []
        for i, engine in enumerate(self.engines):
            filled = json.loads(self.fill(json.dumps(body), i)) if body is not None else None
            answer = Answer(*engine.call(method, self.fill(path, i), filled))
            answers.append(answer)
            for name, at in (keep or {}).items():
                self.names[i][name] = answer.find(at)
        self.show(f"{method} {path}" + (f" {json.dumps(body)}" if body is not None else ""), answers, **how)
        return answers

    def show(self, step, answers, ordered=False, fields=None, messages=False, silent=False):
        """messages compares the words of errors, too; silent nothing but success."""
        shown = []
        for answer in answers:
            body = answer.body
            if silent:
                shown.append(answer.status < 300)
                continue
            if answer.status >= 300 and isinstance(body, dict):
                body = {"type": body.get("type")} | ({"message": body.get("message")} if messages else {})
                shown.append([answer.status, normal(body)])
            else:
                shown.append([answer.status, normal(body, ordered, fields)])
        self.compare(step, *shown)

    def compare(self, step, one, other):
        self.steps += 1
        step = f"[{self.note}] {step}" if self.note else step
        if one == other:
            return
        reason = of_script(self.known, self.name, step)
        if reason:
            self.excused.append((reason, step, one, other))
            return
        self.differences.append((step, one, other))

    # Short names

    def get(self, path, **how):
        return self.call("GET", path, **how)

    def post(self, path, body=None, **how):
        return self.call("POST", path, {} if body is None else body, **how)

    def put(self, path, body, **how):
        return self.call("PUT", path, body, **how)

    def delete(self, path, **how):
        return self.call("DELETE", path, **how)

    def start(self, key, name="pi", variables=None, **more):
        self.post(f"/process-definition/key/{key}/start", {"variables": typed(variables or {})} | more, keep={name: "id"}, fields={"businessKey", "ended", "suspended"})

    def task(self, name="task", instance="pi", key=None):
        """Names the only task of an instance, or the one of a key."""
        self.get(f"/task?processInstanceId={{{instance}}}", keep={name: (f"taskDefinitionKey={key}" if key else "0") + "/id"}, fields={"taskDefinitionKey", "name", "assignee", "suspended"})

    def complete(self, variables=None, task="task"):
        self.post(f"/task/{{{task}}}/complete", {"variables": typed(variables or {})})

    def job(self, name="job", instance="pi"):
        self.get(f"/job?processInstanceId={{{instance}}}", keep={name: "0/id"}, fields={"retries", "priority", "suspended", "failedActivityId"})

    def state(self, instance="pi"):
        """What can be seen of an instance."""
        i = f"{{{instance}}}"
        self.tree(instance)
        self.get(f"/variable-instance?processInstanceIdIn={i}&deserializeValues=false", fields={"name", "type", "value"})
        self.get(f"/task?processInstanceId={i}", fields={"taskDefinitionKey", "suspended"})
        self.get(f"/job?processInstanceId={i}", fields={"retries", "suspended", "failedActivityId", "priority"})
        self.get(f"/incident?processInstanceId={i}", fields={"incidentType", "activityId", "failedActivityId"})

    def tree(self, instance="pi"):
        answers = []
        for i, engine in enumerate(self.engines):
            status, body = engine.call("GET", self.fill(f"/process-instance/{{{instance}}}/activity-instances", i))
            answers.append([status, tree(body) if status == 200 else None])
        self.compare(f"tree of {instance}", *answers)
        return answers
