"""Modification of instances."""

LISTEN = '<camunda:executionListener event="{0}" expression="${{execution.setVariable(\'heard{1}\', \'{0}\')}}"/>'
MAP = '<camunda:inputOutput><camunda:inputParameter name="in">i</camunda:inputParameter><camunda:outputParameter name="out">o</camunda:outputParameter></camunda:inputOutput>'
BODY = f"""<startEvent id="s"/><subProcess id="sub"><extensionElements>{MAP}{LISTEN.format("start", 1)}{LISTEN.format("end", 1)}</extensionElements>
<startEvent id="ss"/><userTask id="a"><extensionElements>{MAP.replace("in", "in").replace('"out"', '"out2"')}{LISTEN.format("start", 2)}{LISTEN.format("end", 2)}</extensionElements></userTask><endEvent id="se"/><- ss > a > se -></subProcess><userTask id="b"/><endEvent id="e"/><- s > sub > b > e ->"""
FLAGS = ({}, {"skipCustomListeners": True}, {"skipIoMappings": True}, {"skipCustomListeners": True, "skipIoMappings": True})


def _deploy(s):
    s.deploy("modified", BODY)


def flags(s):
    _deploy(s)
    cases = [
        [{"type": "startBeforeActivity", "activityId": "a"}], [{"type": "startAfterActivity", "activityId": "a"}], [{"type": "startBeforeActivity", "activityId": "sub"}], [{"type": "startTransition", "transitionId": "ss_a"}],
        [{"type": "cancel", "activityId": "a"}], [{"type": "cancel", "activityId": "sub"}], [{"type": "cancel", "activityId": "a"}, {"type": "startBeforeActivity", "activityId": "b"}], [{"type": "startBeforeActivity", "activityId": "b"}, {"type": "cancel", "activityId": "a"}],
        [{"type": "startAfterActivity", "activityId": "sub"}], [{"type": "startBeforeActivity", "activityId": "ss"}], [{"type": "startBeforeActivity", "activityId": "e"}],
    ]
    for instructions in cases:
        for more in FLAGS:
            s.note = f"{instructions} {more}"
            s.start("modified", "pi", {"x": 1})
            s.post("/process-instance/{pi}/modification", {"instructions": instructions} | more)
            s.state()
            s.get("/history/activity-instance?processInstanceId={pi}", fields={"activityId", "canceled", "endTime"})
            s.get("/history/variable-instance?processInstanceId={pi}", fields={"name", "value"})
            s.get("/history/process-instance/{pi}", fields={"state", "deleteReason"})
    s.note = ""


def entered(s):
    """What is around is entered as well."""
    _deploy(s)
    for more in FLAGS:
        for kind, name, value in (("startBeforeActivity", "activityId", "a"), ("startAfterActivity", "activityId", "ss"), ("startTransition", "transitionId", "ss_a")):
            s.note = f"{kind} {more}"
            s.start("modified", "pi", {"x": 1})
            s.task()
            s.complete()
            s.post("/process-instance/{pi}/modification", {"instructions": [{"type": kind, name: value}]} | more)
            s.state()
            s.get("/history/variable-instance?processInstanceId={pi}", fields={"name", "value"})
    s.note = ""


def refusals(s):
    _deploy(s)
    s.start("modified")
    s.get("/process-instance/{pi}/activity-instances", keep={"act": "childActivityInstances/0/childActivityInstances/0/id", "sub": "childActivityInstances/0/id"}, fields=set())
    for instruction in ({"type": "startBeforeActivity", "activityId": "none"}, {"type": "startBeforeActivity"}, {"type": "startAfterActivity", "activityId": "none"}, {"type": "startTransition", "transitionId": "none"}, {"type": "startTransition"},
                        {"type": "cancel"}, {"type": "cancel", "activityId": "none"}, {"type": "cancel", "activityId": "b"}, {"type": "cancel", "activityInstanceId": "none"}, {"type": "cancel", "activityId": "a", "activityInstanceId": "{act}"}, {"type": "strange", "activityId": "a"}, {},
                        {"type": "startAfterActivity", "activityId": "e"}, {"type": "startBeforeActivity", "activityId": "a", "ancestorActivityInstanceId": "none"}, {"type": "startBeforeActivity", "activityId": "a", "ancestorActivityInstanceId": "{sub}"},
                        {"type": "startBeforeActivity", "activityId": "a", "ancestorActivityInstanceId": "{act}"}, {"type": "cancel", "cancelCurrentActiveActivityInstances": True, "activityId": "none"}):
        s.note = str(instruction)
        s.post("/process-instance/{pi}/modification", {"instructions": [instruction]})
        s.state()
    s.note = ""
    s.post("/process-instance/{pi}/modification", {"instructions": []})
    s.post("/process-instance/{pi}/modification", {})
    s.post("/process-instance/nothing/modification", {"instructions": [{"type": "startBeforeActivity", "activityId": "a"}]})
    s.post("/process-instance/{pi}/modification", {"instructions": [{"type": "cancel", "activityInstanceId": "{act}"}], "annotation": "why"})
    s.state()


def of_definitions(s):
    """Several instances at once."""
    _deploy(s)
    s.start("modified", "one")
    s.start("modified", "two")
    body = {"processDefinitionId": "{modified}", "processInstanceIds": ["{one}", "{two}"], "instructions": [{"type": "startBeforeActivity", "activityId": "b"}, {"type": "cancel", "activityId": "a"}]}
    s.post("/modification/execute", body | {"skipIoMappings": True})
    s.state("one")
    s.state("two")
    s.post("/modification/execute", body | {"instructions": [{"type": "cancel", "activityId": "none"}]})
    s.post("/modification/execute", body | {"instructions": [{"type": "startBeforeActivity", "activityId": "none"}]})
    s.post("/modification/execute", body | {"instructions": []})
    s.post("/modification/execute", body | {"processInstanceIds": []})
    s.post("/modification/execute", body | {"processInstanceIds": ["nothing"]})
    s.post("/modification/execute", body | {"processDefinitionId": "nothing"})
    s.state("one")


def deletions(s):
    _deploy(s)
    for query in ("", "?skipCustomListeners=true", "?skipIoMappings=true", "?skipCustomListeners=true&skipIoMappings=true", "?skipSubprocesses=true"):
        s.note = query
        s.start("modified")
        s.delete("/process-instance/{pi}" + query)
        s.get("/history/variable-instance?processInstanceId={pi}", fields={"name", "value", "state"})
        s.get("/history/process-instance/{pi}", fields={"state", "deleteReason"})
        s.get("/history/activity-instance?processInstanceId={pi}", fields={"activityId", "canceled"})
        s.get("/history/task?processInstanceId={pi}", fields={"taskDefinitionKey", "deleteReason"})
    s.note = ""
    s.delete("/process-instance/{pi}")
    s.delete("/process-instance/{pi}?failIfNotExists=false")
    s.delete("/process-instance/nothing")


def several(s):
    """Multi-instance bodies and instances of them."""
    s.deploy("modSeveral", """<startEvent id="s"/><userTask id="t"><multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics></userTask><userTask id="b"/><endEvent id="e"/><- s > t > b > e ->""")
    for instructions in ([{"type": "startBeforeActivity", "activityId": "t"}], [{"type": "startBeforeActivity", "activityId": "t#multiInstanceBody"}], [{"type": "cancel", "activityId": "t"}], [{"type": "cancel", "activityId": "t#multiInstanceBody"}],
                         [{"type": "startAfterActivity", "activityId": "t"}], [{"type": "startAfterActivity", "activityId": "t#multiInstanceBody"}]):
        s.note = str(instructions)
        s.start("modSeveral")
        s.post("/process-instance/{pi}/modification", {"instructions": instructions})
        s.state()
    s.note = ""
