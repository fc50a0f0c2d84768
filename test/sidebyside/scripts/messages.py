"""Correlation of messages."""

WAITS = """<startEvent id="s"/><userTask id="before"/><intermediateCatchEvent id="catch"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>
<userTask id="after"/><endEvent id="e"/><- s > catch > after > e -> <sequenceFlow id="x" sourceRef="before" targetRef="e"/>"""
MESSAGE = '<message id="m" name="{}"/>'
STARTS = """<startEvent id="s"><messageEventDefinition messageRef="m"/></startEvent><userTask id="t"/><endEvent id="e"/><- s > t > e ->"""
LOCAL = """<startEvent id="s"/><parallelGateway id="f"/>
<receiveTask id="one" messageRef="m"><extensionElements><camunda:inputOutput><camunda:inputParameter name="own">a</camunda:inputParameter></camunda:inputOutput></extensionElements></receiveTask>
<receiveTask id="two" messageRef="m"><extensionElements><camunda:inputOutput><camunda:inputParameter name="own">b</camunda:inputParameter></camunda:inputOutput></extensionElements></receiveTask>
<parallelGateway id="j"/><userTask id="after"/><endEvent id="e"/><- s > f > one > j > after > e, f > two > j ->"""


def _waiting(s, key):
    s.deploy(key, WAITS.replace('<userTask id="before"/>', "").replace(' <sequenceFlow id="x" sourceRef="before" targetRef="e"/>', ""), MESSAGE.format(key + "M"))


def by_keys(s):
    _waiting(s, "msgKeys")
    s.start("msgKeys", "one", {"k": 1, "text": "a"}, businessKey="b1")
    s.start("msgKeys", "two", {"k": 2, "text": "a"}, businessKey="b2")
    m = {"messageName": "msgKeysM"}
    s.post("/message", m | {"correlationKeys": {"k": {"value": 7}}}, messages=True)
    s.post("/message", m | {"correlationKeys": {"text": {"value": "a"}}})
    s.post("/message", m)
    s.post("/message", m | {"businessKey": "none"})
    s.post("/message", m | {"correlationKeys": {"k": {"value": "1", "type": "String"}}})
    s.post("/message", m | {"correlationKeys": {"k": {"value": 1, "type": "Integer"}, "text": {"value": "b"}}})
    s.post("/message", m | {"correlationKeys": {"k": {"value": 1, "type": "Integer"}, "text": {"value": "a"}}, "processVariables": {"got": {"value": "yes"}}})
    s.state("one")
    s.state("two")
    s.post("/message", m | {"businessKey": "b2", "correlationKeys": {"k": {"value": 2}}, "resultEnabled": True, "variablesInResultEnabled": True},
           fields={"resultType", "execution", "processInstance", "variables"})
    s.state("two")
    s.post("/message", m | {"businessKey": "b2"})


def by_instance(s):
    _waiting(s, "msgInstance")
    s.start("msgInstance", "one", {"k": 1})
    s.start("msgInstance", "two", {"k": 2})
    m = {"messageName": "msgInstanceM"}
    s.post("/message", m | {"processInstanceId": "{one}", "correlationKeys": {"k": {"value": 2}}})
    s.post("/message", m | {"processInstanceId": "no-such"})
    s.post("/message", m | {"processInstanceId": "{one}", "businessKey": "b"})
    s.post("/message", m | {"processInstanceId": "{one}", "resultEnabled": True}, fields={"resultType", "execution", "processInstance"})
    s.post("/message", m | {"processInstanceId": "{one}"})
    s.post("/message", m | {"processInstanceId": "{two}", "tenantId": "t", "withoutTenantId": True})
    s.post("/message", m | {"processInstanceId": "{two}", "withoutTenantId": True, "processVariablesLocal": {"l": {"value": 1}}})
    s.state("one")
    s.state("two")


def bad_bodies(s):
    _waiting(s, "msgBad")
    s.start("msgBad", "one", {"k": 1})
    s.post("/message", {}, messages=True)
    s.post("/message", {"messageName": ""})
    s.post("/message", {"messageName": "nobody"})
    s.post("/message", {"messageName": "msgBadM", "variablesInResultEnabled": True})
    s.post("/message", {"messageName": "msgBadM", "processVariables": {"x": {"value": "no", "type": "Integer"}}}, messages=True)
    s.post("/message", {"messageName": "msgBadM", "correlationKeys": {"k": {"value": "no", "type": "Integer"}}}, messages=True)
    s.post("/message", {"messageName": "msgBadM", "processVariables": {"x": {"value": 1, "type": "Strange"}}}, messages=True)
    s.post("/message", {"messageName": "msgBadM", "all": True, "withoutTenantId": True})
    s.state("one")


def everywhere(s):
    """all: waiting instances and a start event of the same name."""
    s.deploy("msgAll", """<startEvent id="s"/><receiveTask id="r" messageRef="m"/><userTask id="after"/><endEvent id="e"/><- s > r > after > e ->""", MESSAGE.format("allM"))
    s.deploy("msgAllStart", STARTS, MESSAGE.format("allM"))
    s.start("msgAll", "one", {"k": 1}, businessKey="b")
    s.start("msgAll", "two", {"k": 1}, businessKey="b")
    s.post("/message", {"messageName": "allM", "correlationKeys": {"k": {"value": 1}}})
    s.post("/message", {"messageName": "allM", "all": True, "businessKey": "b", "correlationKeys": {"k": {"value": 1}}, "resultEnabled": True}, fields={"resultType", "execution", "processInstance"})
    s.state("one")
    s.state("two")
    s.post("/message", {"messageName": "allM", "all": True, "processVariables": {"z": {"value": 1}}, "resultEnabled": True}, fields={"resultType", "execution"})
    s.post("/message", {"messageName": "nobody", "all": True, "resultEnabled": True})
    s.get("/process-instance/count?processDefinitionKey=msgAllStart")


def starts(s):
    s.deploy("msgStart", STARTS, MESSAGE.format("startM"))
    s.post("/message", {"messageName": "startM", "businessKey": "b", "correlationKeys": {"k": {"value": 5}}, "processVariables": {"v": {"value": "w"}}, "resultEnabled": True, "variablesInResultEnabled": True},
           keep={"pi": "0/processInstance/id"}, fields={"resultType", "processInstance", "execution", "variables"})
    s.state()
    s.get("/process-instance/{pi}", fields={"businessKey", "ended", "suspended"})
    s.post("/message", {"messageName": "startM", "processInstanceId": "{pi}"})
    s.post("/message", {"messageName": "startM", "localCorrelationKeys": {"k": {"value": 5}}})
    s.post("/message", {"messageName": "startM", "withoutTenantId": True, "resultEnabled": True}, fields={"resultType"})
    s.put("/process-definition/key/msgStart/suspended", {"suspended": True})
    s.post("/message", {"messageName": "startM"})
    s.put("/process-definition/key/msgStart/suspended", {"suspended": False})
    s.get("/process-instance/count?processDefinitionKey=msgStart")


def local_keys(s):
    s.deploy("msgLocal", LOCAL, MESSAGE.format("localM"))
    s.start("msgLocal", "pi", {"own": "root"})
    m = {"messageName": "localM"}
    s.post("/message", m | {"processInstanceId": "{pi}"})
    s.post("/message", m | {"localCorrelationKeys": {"own": {"value": "root"}}})
    s.post("/message", m | {"correlationKeys": {"own": {"value": "a"}}})
    s.post("/message", m | {"localCorrelationKeys": {"own": {"value": "b"}}, "processVariables": {"v": {"value": 1}}, "processVariablesLocal": {"l": {"value": 2}}})
    s.state()
    s.post("/message", m | {"processInstanceId": "{pi}", "localCorrelationKeys": {"own": {"value": "a"}}, "correlationKeys": {"own": {"value": "root"}}})
    s.state()


def suspended(s):
    _waiting(s, "msgSuspended")
    s.start("msgSuspended", "pi")
    s.put("/process-instance/{pi}/suspended", {"suspended": True})
    s.post("/message", {"messageName": "msgSuspendedM"})
    s.post("/message", {"messageName": "msgSuspendedM", "processInstanceId": "{pi}"})
    s.put("/process-instance/{pi}/suspended", {"suspended": False})
    s.post("/message", {"messageName": "msgSuspendedM", "processInstanceId": "{pi}"})
    s.state()


def boundary(s):
    """Two waits of one name in one instance, and the trigger of an execution."""
    s.deploy("msgBoundary", """<startEvent id="s"/><userTask id="t"/><boundaryEvent id="b" attachedToRef="t" cancelActivity="false"><messageEventDefinition messageRef="m"/></boundaryEvent>
<userTask id="more"/><endEvent id="e"/><endEvent id="e2"/><- s > t > e, b > more > e2 ->""", MESSAGE.format("boundM"))
    s.start("msgBoundary")
    s.get("/event-subscription?processInstanceId={pi}", keep={"x": "0/executionId"}, fields={"eventType", "eventName", "activityId"})
    s.post("/execution/{x}/messageSubscriptions/boundM/trigger", {"variables": {"v": {"value": 1}}})
    s.post("/execution/{x}/messageSubscriptions/other/trigger", {})
    s.post("/execution/no-such/messageSubscriptions/boundM/trigger", {})
    s.get("/execution/{x}/messageSubscriptions/boundM", fields={"eventType", "eventName", "activityId"})
    s.get("/execution/{x}/messageSubscriptions/other")
    s.post("/message", {"messageName": "boundM", "processInstanceId": "{pi}"})
    s.state()
    s.get("/execution?processInstanceId={pi}&messageEventSubscriptionName=boundM", fields={"ended"})
    s.post("/signal", {"name": "nobody"})
    s.post("/signal", {"name": "nobody", "executionId": "{x}"})
    s.post("/signal", {})
