"""What can be seen of a process instance, in a form that two engines can be compared by."""
import json
import re

# Which of its executions hold these is an accident of Camunda; jobs and tasks are told apart by them.
LOOP = ("loopCounter", "item")
DATE = re.compile(r"20\d\d-\d\d-\d\dT[\d:.+Z-]+")


def text(value):
    """The canonical text of anything; dates are alike."""
    return DATE.sub("<date>", json.dumps(value, sort_keys=True, default=str))


def plain(value):
    """JSON is compared by what it says, not by how it is written."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        return json.loads(value)
    return value


def tree(node):
    """Activity ids; a transition has a ~ before its own."""
    if node is None:
        return None
    inner = [tree(c) for c in node.get("childActivityInstances") or []]
    inner += [["~" + c["activityId"]] for c in node.get("childTransitionInstances") or []]
    return ["*" if not node.get("parentActivityInstanceId") else node["activityId"]] + sorted(inner, key=text)


def places(node, path="", into=None):
    """Activity instance id → the ids of the activities around it."""
    into = {} if into is None else into
    if node:
        here = path + "/" + ("*" if not node.get("parentActivityInstanceId") else node["activityId"])
        into[node["id"]] = here
        for child in node.get("childActivityInstances") or []:
            places(child, here, into)
        for child in node.get("childTransitionInstances") or []:
            into[child["id"]] = here
    return into


def instances(engine, root):
    """The instance and all that it has called."""
    seen, at = [root], 0
    while at < len(seen):
        for called in engine.list("/process-instance?superProcessInstance=" + seen[at]):
            if called["id"] not in seen:
                seen.append(called["id"])
        at += 1
    return seen


def activity_of(engine, job):
    """The activity of a job, with the kind of continuation."""
    key = job.get("jobDefinitionId")
    if key not in engine.jobs:
        status, d = engine.call("GET", f"/job-definition/{key}")
        engine.jobs[key] = f"{d['activityId']} {d['jobConfiguration'].split(':')[0]}" if status == 200 else "?"
    return engine.jobs[key]


class State:
    """The state of an instance and of those that it called. acts are what somebody can do: [key, what]."""

    def __init__(self, engine, root):
        self.shown, self.acts, self.trees = [], [], []
        for pid in instances(engine, root):
            self.read(engine, pid)
        self.shown.sort(key=text)
        self.acts.sort(key=lambda act: text(act[0]))

    def read(self, engine, pid):
        status, root = engine.call("GET", f"/process-instance/{pid}/activity-instances")
        if status != 200:
            return
        at = places(root)
        self.trees.append(root)
        seen = {"tree": tree(root), "suspended": engine.call("GET", f"/process-instance/{pid}")[1].get("suspended")}
        variables = engine.list(f"/variable-instance?processInstanceIdIn={pid}&deserializeValues=false")
        seen["variables"] = sorted(([v["name"], "Integer" if v["type"] == "Long" else v["type"], plain(v["value"]), at.get(v["activityInstanceId"], v["activityInstanceId"])] for v in variables if v["name"] not in LOOP), key=text)
        local = {}
        for v in variables:
            local.setdefault(v["executionId"], {})[v["name"]] = plain(v["value"])
        tasks = engine.list(f"/task?processInstanceId={pid}")
        seen["tasks"] = sorted(([t["taskDefinitionKey"], t["name"], t["assignee"], t["priority"]] for t in tasks), key=text)
        outside = engine.list(f"/external-task?processInstanceId={pid}")
        seen["external"] = sorted(([x["activityId"], x["topicName"], x["priority"], x["retries"]] for x in outside), key=text)
        jobs = engine.list(f"/job?processInstanceId={pid}")
        seen["jobs"] = sorted(([activity_of(engine, j), j["retries"], j["priority"], bool(j["dueDate"])] for j in jobs), key=text)
        waits = [w for w in engine.list(f"/event-subscription?processInstanceId={pid}") if w["eventType"] in ("message", "signal")]
        seen["waits"] = sorted(([w["eventType"], w["eventName"], w["activityId"]] for w in waits), key=text)
        incidents = engine.list(f"/incident?processInstanceId={pid}")
        seen["incidents"] = sorted(([i["incidentType"], i["activityId"], i["failedActivityId"]] for i in incidents), key=text)
        self.shown.append(seen)
        self.act("task", [(t["taskDefinitionKey"], t) for t in tasks], local)
        self.act("external", [(x["activityId"], x) for x in outside], local)
        self.act("job", [(activity_of(engine, j), j) for j in jobs], local)
        self.act("wait", [((w["eventType"], w["eventName"], w["activityId"]), w) for w in waits], local)

    def act(self, kind, found, local):
        """Several things of one activity are told apart by the variables of their executions."""
        for key, what in found:
            self.acts.append(((kind, key, text(local.get(what["executionId"], {}))), what))


def history(engine, pid, ended):
    """What is kept of an instance."""
    activities = engine.list(f"/history/activity-instance?processInstanceId={pid}")
    tasks = engine.list(f"/history/task?processInstanceId={pid}")
    past = engine.call("GET", f"/history/process-instance/{pid}")[1] or {}
    kept = {
        "activities": sorted(([a["activityId"], a["activityType"], bool(a["endTime"]), a["canceled"]] for a in activities), key=text),
        "tasks": sorted(([t["taskDefinitionKey"], t["deleteReason"], bool(t["endTime"])] for t in tasks), key=text),
        "state": past.get("state"),
    }
    if ended:
        variables = engine.list(f"/history/variable-instance?processInstanceId={pid}&deserializeValues=false")
        kept["variables"] = sorted(([v["name"], plain(v["value"])] for v in variables), key=text)
    return kept
