"""What fails in a process: the answer, and what is left."""

RETURN = '<extensionElements><camunda:inputOutput><camunda:outputParameter name="out">${gone}</camunda:outputParameter></camunda:inputOutput></extensionElements>'
CALL = """<startEvent id="s"/><userTask id="first"/><callActivity id="call" calledElement="{0}"><extensionElements>{1}</extensionElements></callActivity><userTask id="after"/><endEvent id="e"/><- s > first > call > after > e ->"""


def _try(s, key, variables=None):
    s.start(key, "pi", variables or {})
    s.task()
    s.complete()
    s.state()
    s.get("/history/activity-instance?processInstanceId={pi}", fields={"activityId", "canceled", "endTime"})


def expressions(s):
    """A missing variable in each place that a completion evaluates."""
    places = {
        "task": '<serviceTask id="x" camunda:expression="${gone}"/>',
        "name": '<userTask id="x" name="${gone}"/>',
        "assignee": '<userTask id="x" camunda:assignee="${gone}"/>',
        "due": '<userTask id="x" camunda:dueDate="${gone}"/>',
        "priority": '<userTask id="x" camunda:priority="${gone}"/>',
        "candidates": '<userTask id="x" camunda:candidateUsers="${gone}"/>',
        "topic": '<serviceTask id="x" camunda:type="external" camunda:topic="${gone}"/>',
        "loop": '<userTask id="x"><multiInstanceLoopCharacteristics><loopCardinality>${gone}</loopCardinality></multiInstanceLoopCharacteristics></userTask>',
        "collection": '<userTask id="x"><multiInstanceLoopCharacteristics camunda:collection="${gone}" camunda:elementVariable="one"/></userTask>',
        "input": '<userTask id="x"><extensionElements><camunda:inputOutput><camunda:inputParameter name="in">${gone}</camunda:inputParameter></camunda:inputOutput></extensionElements></userTask>',
        "output": f'<manualTask id="x">{RETURN}</manualTask>',
        "listener": '<userTask id="x"><extensionElements><camunda:executionListener event="start" expression="${gone}"/></extensionElements></userTask>',
        "taskListener": '<userTask id="x"><extensionElements><camunda:taskListener event="create" expression="${gone}"/></extensionElements></userTask>',
        "script": '<scriptTask id="x" scriptFormat="juel" camunda:resultVariable="y"><script>${gone}</script></scriptTask>',
        "timer": '<intermediateCatchEvent id="x"><timerEventDefinition><timeDuration>${gone}</timeDuration></timerEventDefinition></intermediateCatchEvent>',
        "badTimer": '<intermediateCatchEvent id="x"><timerEventDefinition><timeDuration>${n}</timeDuration></timerEventDefinition></intermediateCatchEvent>',
        "condition": '<intermediateCatchEvent id="x"><conditionalEventDefinition><condition xsi:type="tFormalExpression">${gone}</condition></conditionalEventDefinition></intermediateCatchEvent>',
        "called": '<callActivity id="x" calledElement="${gone}"/>',
        "retries": '<serviceTask id="x" camunda:type="external" camunda:topic="t"><extensionElements><camunda:failedJobRetryTimeCycle>${gone}</camunda:failedJobRetryTimeCycle></extensionElements></serviceTask>',
        "retriesAsync": '<userTask id="x" camunda:asyncBefore="true"><extensionElements><camunda:failedJobRetryTimeCycle>${gone}</camunda:failedJobRetryTimeCycle></extensionElements></userTask>',
        "jobPriority": '<userTask id="x" camunda:asyncBefore="true" camunda:jobPriority="${gone}"/>',
        "taskPriority": '<serviceTask id="x" camunda:type="external" camunda:topic="t" camunda:taskPriority="${gone}"/>',
        "unknownCall": '<callActivity id="x" calledElement="nowhere"/>',
        "escalated": '<intermediateThrowEvent id="x"/>',
    }
    for name, element in places.items():
        key = "failing" + name
        s.deploy(key, f'<startEvent id="s"/><userTask id="first"/>{element}<userTask id="after"/><endEvent id="e"/><- s > first > x > after > e ->')
        s.note = name
        _try(s, key, {"n": 5})
    s.note = ""


def flows(s):
    """A condition that cannot be evaluated, and a gateway that nothing leaves."""
    for name, condition in (("missing", "${gone}"), ("text", "${'x'}"), ("none", "${n == 7}")):
        key = "failingFlow" + name
        s.deploy(key, f"""<startEvent id="s"/><userTask id="first"/><exclusiveGateway id="g"/><userTask id="after"/><userTask id="other"/><endEvent id="e"/><- s > first > g, after > e ->
<sequenceFlow id="f1" sourceRef="g" targetRef="after"><conditionExpression xsi:type="tFormalExpression">{condition}</conditionExpression></sequenceFlow>
<sequenceFlow id="f2" sourceRef="g" targetRef="other"><conditionExpression xsi:type="tFormalExpression">${{n == 8}}</conditionExpression></sequenceFlow>""")
        s.note = name
        _try(s, key, {"n": 5})
    s.note = ""


def starts(s):
    """A start that fails changes nothing."""
    s.deploy("failingStart", '<startEvent id="s"/><serviceTask id="x" camunda:expression="${gone}"/><endEvent id="e"/><- s > x > e ->')
    s.deploy("failingStartCall", '<startEvent id="s"/><callActivity id="x" calledElement="nowhere"/><endEvent id="e"/><- s > x > e ->')
    s.deploy("failingStartInner", '<startEvent id="s"/><callActivity id="x" calledElement="failingStart"/><endEvent id="e"/><- s > x > e ->')
    s.deploy("failingStartTwice", '<startEvent id="s"/><callActivity id="x" calledElement="failingStartInner"/><endEvent id="e"/><- s > x > e ->')
    for key in ("failingStart", "failingStartCall", "failingStartInner", "failingStartTwice"):
        s.post(f"/process-definition/key/{key}/start", {})
        s.get(f"/process-instance/count?processDefinitionKey={key}")
        s.get(f"/history/process-instance/count?processDefinitionKey={key}")


def calls(s):
    """What fails in a called instance, or when it comes back."""
    s.deploy("innerFails", '<startEvent id="s"/><serviceTask id="x" camunda:expression="${gone}"/><endEvent id="e"/><- s > x > e ->')
    s.deploy("innerPasses", '<startEvent id="s"/><manualTask id="x"/><endEvent id="e"/><- s > x > e ->')
    s.deploy("innerWaits", '<startEvent id="s"/><userTask id="inner"/><endEvent id="e"/><- s > inner > e ->')
    s.deploy("innerAsync", '<startEvent id="s" camunda:asyncBefore="true"/><serviceTask id="x" camunda:expression="${gone}"/><endEvent id="e"/><- s > x > e ->')
    out, source = '<camunda:out sourceExpression="${gone}" target="y"/>', '<camunda:in sourceExpression="${gone}" target="y"/>'
    cases = {"callInner": ("innerFails", ""), "callOut": ("innerPasses", out), "callIn": ("innerPasses", source), "callNowhere": ("nowhere", ""), "callDone": ("innerPasses", ""), "callAsync": ("innerAsync", "")}
    for key, (called, mapping) in cases.items():
        s.deploy(key, CALL.format(called, mapping))
        s.note = key
        _try(s, key)
    s.deploy("callOutLater", CALL.format("innerWaits", out))
    s.note = "callOutLater"
    s.start("callOutLater")
    s.task()
    s.complete()
    s.get("/process-instance?superProcessInstance={pi}", keep={"inner": "0/id"}, fields={"ended"})
    s.task(instance="inner")
    s.complete()
    s.state()
    s.state("inner")
    s.put("/process-instance/{pi}/variables/gone", {"value": 1})
    s.put("/process-instance/{inner}/variables/gone", {"value": 1})
    s.complete()
    s.state()
    s.deploy("callAfter", CALL.format("innerWaits", "").replace('<userTask id="after"/>', '<serviceTask id="after" camunda:expression="${gone}"/>'))
    s.note = "callAfter"
    s.start("callAfter")
    s.task()
    s.complete()
    s.get("/process-instance?superProcessInstance={pi}", keep={"inner": "0/id"}, fields={"ended"})
    s.task(instance="inner")
    s.complete()
    s.state()
    s.state("inner")


def timers(s):
    """A timer that fails when it is executed by hand uses up its retries."""
    s.deploy("failingTimer", """<startEvent id="s"/><intermediateCatchEvent id="wait"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>
<serviceTask id="x" camunda:expression="${gone}"/><userTask id="after"/><endEvent id="e"/><- s > wait > x > after > e ->""")
    s.deploy("failingBoundary", """<startEvent id="s"/><userTask id="t"/><boundaryEvent id="b" attachedToRef="t" cancelActivity="false"><timerEventDefinition><timeCycle>R3/PT1H</timeCycle></timerEventDefinition></boundaryEvent>
<serviceTask id="x" camunda:expression="${gone}"/><endEvent id="e"/><endEvent id="e2"/><- s > t > e, b > x > e2 ->""")
    for key in ("failingTimer", "failingBoundary"):
        s.note = key
        s.start(key)
        s.job()
        for _ in range(4):
            s.post("/job/{job}/execute", {})
            s.state()
            s.get("/job/{job}", fields={"retries", "suspended", "failedActivityId"})
        s.get("/job/{job}/stacktrace", silent=True)
        s.get("/incident?processInstanceId={pi}", fields={"incidentType", "activityId", "failedActivityId", "incidentMessage"})
        s.get("/history/job-log?processInstanceId={pi}", fields={"creationLog", "failureLog", "successLog", "deletionLog", "jobRetries", "activityId"})
        s.put("/job/{job}/retries", {"retries": 2})
        s.state()
        s.put("/process-instance/{pi}/variables/gone", {"value": 1})
        s.post("/job/{job}/execute", {})
        s.state()
    s.note = ""


def continuations(s):
    s.deploy("failingAsync", """<startEvent id="s"/><serviceTask id="x" camunda:asyncBefore="true" camunda:expression="${gone}"/><userTask id="after"/><endEvent id="e"/><- s > x > after > e ->""")
    s.deploy("failingCycle", """<startEvent id="s"/><serviceTask id="x" camunda:asyncBefore="true" camunda:expression="${gone}"><extensionElements><camunda:failedJobRetryTimeCycle>R5/PT1M</camunda:failedJobRetryTimeCycle></extensionElements></serviceTask><userTask id="after"/><endEvent id="e"/><- s > x > after > e ->""")
    s.deploy("failingLate", """<startEvent id="s"/><serviceTask id="x" camunda:asyncBefore="true" camunda:expression="${gone}"><extensionElements><camunda:failedJobRetryTimeCycle>${cycle}</camunda:failedJobRetryTimeCycle></extensionElements></serviceTask><userTask id="after"/><endEvent id="e"/><- s > x > after > e ->""")
    s.deploy("failingInner", """<startEvent id="s"/><subProcess id="sub" camunda:asyncBefore="true"><startEvent id="ss"/><serviceTask id="x" camunda:expression="${gone}"/><endEvent id="se"/><- ss > x > se -></subProcess><userTask id="after"/><endEvent id="e"/><- s > sub > after > e ->""")
    for key, times in (("failingAsync", 4), ("failingCycle", 6), ("failingLate", 4), ("failingInner", 4)):
        s.note = key
        s.start(key)
        s.job()
        if key == "failingLate":
            s.put("/process-instance/{pi}/variables/cycle", {"value": "R2/PT5M"})
        for _ in range(times):
            s.post("/job/{job}/execute", {})
            s.state()
        s.put("/job/{job}/retries", {"retries": 1})
        s.state()
        s.put("/process-instance/{pi}/variables/gone", {"value": 1})
        s.post("/job/{job}/execute", {})
        s.state()
    s.note = ""
    s.post("/job/nothing/execute", {})
    s.put("/job/nothing/retries", {"retries": 1})


def priorities(s):
    s.deploy("priorities", """<startEvent id="s"/><userTask id="t" camunda:asyncBefore="true" camunda:asyncAfter="true" camunda:jobPriority="${p}"/><endEvent id="e"/><- s > t > e ->""")
    s.start("priorities", "pi", {"p": 4})
    s.put("/process-instance/{pi}/variables/p", {"value": 9})
    s.job()
    s.post("/job/{job}/execute", {})
    s.task()
    s.complete({"p": 11})
    s.job()
    s.put("/job/{job}/priority", {"priority": 3})
    s.job()
    for value in ("text", None, 1.5, "7"):
        s.note = str(value)
        s.post("/process-definition/key/priorities/start", {"variables": {"p": {"value": value}}}, keep={"pi": "id"}, fields={"ended"})
        s.job()
    s.note = ""
    s.deploy("prioritiesTimer", """<startEvent id="s"/><intermediateCatchEvent id="t" camunda:jobPriority="${p}"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent><endEvent id="e"/><- s > t > e ->""")
    s.start("prioritiesTimer", "pi", {"p": 4})
    s.job()
    s.deploy("prioritiesProcess", """<startEvent id="s"/><userTask id="t" camunda:asyncBefore="true"/><endEvent id="e"/><- s > t > e ->""", camunda__jobPriority="21")
    s.start("prioritiesProcess")
    s.job()


def interruptions(s):
    """An output parameter that cannot be evaluated when its activity is interrupted."""
    s.deploy("failingInterrupt", f"""<startEvent id="s"/><userTask id="t">{RETURN}</userTask><boundaryEvent id="b" attachedToRef="t"><messageEventDefinition messageRef="m"/></boundaryEvent>
<userTask id="after"/><endEvent id="e"/><endEvent id="e2"/><- s > t > e, b > after > e2 ->""", '<message id="m" name="interruptM"/>')
    s.start("failingInterrupt")
    s.post("/message", {"messageName": "interruptM"})
    s.state()
    s.deploy("failingTerminate", f"""<startEvent id="s"/><parallelGateway id="f"/><userTask id="t">{RETURN}</userTask><userTask id="u"/><endEvent id="e"/><endEvent id="e2"><terminateEventDefinition/></endEvent><- s > f > t > e, f > u > e2 ->""")
    s.start("failingTerminate")
    s.task(key="u")
    s.complete()
    s.state()
    s.start("failingTerminate")
    s.delete("/process-instance/{pi}")
    s.start("failingTerminate")
    s.delete("/process-instance/{pi}?skipIoMappings=true")
    s.start("failingTerminate")
    s.post("/process-instance/{pi}/modification", {"instructions": [{"type": "cancel", "activityId": "t"}]})
    s.post("/process-instance/{pi}/modification", {"skipIoMappings": True, "instructions": [{"type": "cancel", "activityId": "t"}]})
    s.state()
    s.deploy("failingSub", f"""<startEvent id="s"/><subProcess id="sub"><startEvent id="ss"/><userTask id="t">{RETURN}</userTask><endEvent id="se"/><- ss > t > se -></subProcess>
<boundaryEvent id="b" attachedToRef="sub"><errorEventDefinition/></boundaryEvent><userTask id="after"/><endEvent id="e"/><endEvent id="e2"/><- s > sub > e, b > after > e2 ->""")
    s.start("failingSub")
    s.task()
    s.post("/task/{task}/bpmnError", {"errorCode": "any"})
    s.state()
