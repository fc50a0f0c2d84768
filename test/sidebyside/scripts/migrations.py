"""Migration of instances from one version of a process to another."""

LISTEN = '<camunda:executionListener event="start" expression="${execution.setVariable(\'heard\', \'start\')}"/><camunda:executionListener event="end" expression="${execution.setVariable(\'heard\', \'end\')}"/>'
MAP = '<camunda:inputOutput><camunda:inputParameter name="in">i</camunda:inputParameter><camunda:outputParameter name="out">o</camunda:outputParameter></camunda:inputOutput>'
ONE = """<startEvent id="s"/><subProcess id="sub"><startEvent id="ss"/><userTask id="a" name="A"/><endEvent id="se"/><- ss > a > se -></subProcess><userTask id="b"/><endEvent id="e"/><- s > sub > b > e ->
<boundaryEvent id="timer" attachedToRef="sub"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent><endEvent id="e2"/><- timer > e2 ->"""
TWO = """<startEvent id="s"/><subProcess id="sub"><extensionElements>{0}</extensionElements><startEvent id="ss"/><userTask id="a" name="A2"/><endEvent id="se"/><- ss > a > se -></subProcess><userTask id="c"/><endEvent id="e"/><- s > sub > c > e ->
<boundaryEvent id="timer" attachedToRef="sub"><timerEventDefinition><timeDuration>PT2H</timeDuration></timerEventDefinition></boundaryEvent><endEvent id="e2"/><- timer > e2 ->"""
FLAT = """<startEvent id="s"/><userTask id="a"/><userTask id="b"/><endEvent id="e"/><- s > a > b > e ->"""


def _plan(source, target, *pairs, **more):
    return {"sourceProcessDefinitionId": "{" + source + "}", "targetProcessDefinitionId": "{" + target + "}",
            "instructions": [{"sourceActivityIds": [a], "targetActivityIds": [b]} | more for a, b in pairs]}


def _deploy(s):
    s.deploy("migOne", ONE)
    s.deploy("migTwo", TWO.format(LISTEN + MAP))
    s.deploy("migFlat", FLAT)


def generate(s):
    _deploy(s)
    for source, target in (("migOne", "migTwo"), ("migTwo", "migOne"), ("migOne", "migFlat"), ("migOne", "migOne"), ("migFlat", "migOne")):
        for events in (False, True):
            s.post("/migration/generate", {"sourceProcessDefinitionId": "{" + source + "}", "targetProcessDefinitionId": "{" + target + "}", "updateEventTriggers": events})
    s.post("/migration/generate", {"sourceProcessDefinitionId": "nothing", "targetProcessDefinitionId": "{migOne}"})
    s.post("/migration/generate", {"targetProcessDefinitionId": "{migOne}"})
    s.post("/migration/generate", {"sourceProcessDefinitionId": "{migOne}", "targetProcessDefinitionId": "{migTwo}", "variables": {"v": {"value": 1, "type": "Integer"}}})


def validate(s):
    _deploy(s)
    plans = [
        _plan("migOne", "migTwo", ("sub", "sub"), ("a", "a")), _plan("migOne", "migTwo"), _plan("migOne", "migTwo", ("a", "a")), _plan("migOne", "migTwo", ("a", "c")),
        _plan("migOne", "migTwo", ("nothing", "a")), _plan("migOne", "migTwo", ("a", "nothing")), _plan("migOne", "migTwo", ("sub", "a")), _plan("migOne", "migTwo", ("a", "a"), ("a", "c")),
        _plan("migOne", "migTwo", ("s", "s")), _plan("migOne", "migTwo", ("sub", "sub"), ("timer", "timer")), _plan("migOne", "migTwo", ("timer", "timer")), _plan("migOne", "migFlat", ("sub", "a")),
        _plan("migOne", "migTwo", ("a", "a"), updateEventTrigger=True), _plan("migOne", "migTwo", ("sub", "sub"), ("timer", "timer"), updateEventTrigger=True), _plan("migOne", "migTwo", ("b", "c")),
    ]
    for plan in plans:
        s.note = str(plan["instructions"])
        s.post("/migration/validate", plan)
        s.start("migOne", "pi", {"x": 1})
        s.post("/migration/execute", {"migrationPlan": plan, "processInstanceIds": ["{pi}"]})
        s.state()
        s.get("/process-instance?processInstanceIds={pi}", fields={"definitionKey", "definitionId", "businessKey"})
    s.note = ""


def execute(s):
    _deploy(s)
    plan = _plan("migOne", "migTwo", ("sub", "sub"), ("a", "a"), ("timer", "timer"))
    for more in ({}, {"skipCustomListeners": True}, {"skipIoMappings": True}, {"skipCustomListeners": True, "skipIoMappings": True}):
        s.note = str(more)
        s.start("migOne", "pi", {"x": 1})
        s.task()
        s.post("/migration/execute", {"migrationPlan": plan, "processInstanceIds": ["{pi}"]} | more)
        s.state()
        s.get("/task/{task}", fields={"name", "taskDefinitionKey", "processDefinitionId", "suspended"})
        s.complete()
        s.state()
        s.get("/history/activity-instance?processInstanceId={pi}", fields={"activityId", "canceled", "processDefinitionKey"})
    s.note = ""
    s.start("migOne")
    s.post("/migration/execute", {"migrationPlan": plan, "processInstanceQuery": {"processDefinitionId": "{migOne}", "processInstanceIds": ["{pi}"]}})
    s.state()
    s.post("/migration/execute", {"migrationPlan": plan, "processInstanceIds": ["{pi}"]})
    s.post("/migration/execute", {"migrationPlan": plan, "processInstanceIds": ["nothing"]})
    s.post("/migration/execute", {"migrationPlan": plan, "processInstanceIds": []})
    s.post("/migration/execute", {"migrationPlan": plan})
    s.post("/migration/execute", {"processInstanceIds": ["{pi}"]})


def suspended(s):
    _deploy(s)
    plan = _plan("migOne", "migTwo", ("sub", "sub"), ("a", "a"))
    s.start("migOne")
    s.put("/process-instance/{pi}/suspended", {"suspended": True})
    s.post("/migration/execute", {"migrationPlan": plan, "processInstanceIds": ["{pi}"]})
    s.state()
    s.get("/process-instance/{pi}", fields={"suspended", "definitionKey"})
    s.put("/process-instance/{pi}/suspended", {"suspended": False})
    s.task()
    s.complete()
    s.state()


def added_scope(s):
    """Into a sub-process that the source does not have; mappings and listeners of it run or are skipped."""
    _deploy(s)
    plan = _plan("migFlat", "migTwo", ("a", "a"))
    for more in ({}, {"skipCustomListeners": True}, {"skipIoMappings": True}):
        s.note = str(more)
        s.start("migFlat")
        s.post("/migration/execute", {"migrationPlan": plan, "processInstanceIds": ["{pi}"]} | more)
        s.state()
    plan = _plan("migTwo", "migFlat", ("a", "a"))
    for more in ({}, {"skipCustomListeners": True}, {"skipIoMappings": True}):
        s.note = f"out {more}"
        s.start("migTwo")
        s.post("/migration/execute", {"migrationPlan": plan, "processInstanceIds": ["{pi}"]} | more)
        s.state()
        s.get("/history/activity-instance?processInstanceId={pi}", fields={"activityId", "canceled"})
    s.note = ""
    plan = _plan("migOne", "migFlat", ("a", "b"))
    s.start("migOne")
    s.post("/migration/execute", {"migrationPlan": plan, "processInstanceIds": ["{pi}"]})
    s.state()


def triggers(s):
    """Timers and messages with and without updateEventTrigger, external tasks and continuations."""
    body = """<startEvent id="s"/><parallelGateway id="f"/><intermediateCatchEvent id="m"><messageEventDefinition messageRef="m1"/></intermediateCatchEvent><intermediateCatchEvent id="t"><timerEventDefinition><timeDuration>{1}</timeDuration></timerEventDefinition></intermediateCatchEvent>
<serviceTask id="x" camunda:type="external" camunda:topic="mig{0}"/><userTask id="later" camunda:asyncBefore="true"/><endEvent id="e"/><- s > f > m > e, f > t > e, f > x > e, f > later > e ->"""
    s.deploy("migWaits1", body.format(1, "PT1H"), '<message id="m1" name="migM1"/>')
    s.deploy("migWaits2", body.format(2, "PT2H"), '<message id="m1" name="migM2"/>')
    pairs = [(n, n) for n in ("m", "t", "x", "later")]
    for update in (False, True):
        s.note = str(update)
        s.start("migWaits1")
        plan = _plan("migWaits1", "migWaits2", *pairs[2:])
        plan["instructions"] += _plan("a", "b", *pairs[:2], updateEventTrigger=update)["instructions"]
        s.post("/migration/execute", {"migrationPlan": plan, "processInstanceIds": ["{pi}"]})
        s.state()
        s.get("/event-subscription?processInstanceId={pi}", fields={"eventName", "activityId", "eventType"})
        s.get("/external-task?processInstanceId={pi}", fields={"topicName", "activityId", "processDefinitionKey"})
        s.get("/job?processInstanceId={pi}", fields={"processDefinitionKey", "retries"})
        s.post("/message", {"messageName": "migM1", "processInstanceId": "{pi}"})
        s.post("/message", {"messageName": "migM2", "processInstanceId": "{pi}"})
        s.state()
    s.note = ""
