"""Local scopes of variables."""
from play import typed

NESTED = """<startEvent id="s"/><subProcess id="sub"><extensionElements><camunda:inputOutput><camunda:inputParameter name="in">${a + 1}</camunda:inputParameter><camunda:outputParameter name="out">${in * 10}</camunda:outputParameter></camunda:inputOutput></extensionElements>
<startEvent id="ss"/><userTask id="t"><extensionElements><camunda:inputOutput><camunda:inputParameter name="a">${in + 1}</camunda:inputParameter><camunda:inputParameter name="list"><camunda:list><camunda:value>x</camunda:value><camunda:value>${a}</camunda:value></camunda:list></camunda:inputParameter>
<camunda:inputParameter name="map"><camunda:map><camunda:entry key="k">${a}</camunda:entry></camunda:map></camunda:inputParameter><camunda:outputParameter name="fromTask">${a}</camunda:outputParameter></camunda:inputOutput></extensionElements></userTask><endEvent id="se"/><- ss > t > se -></subProcess>
<userTask id="after"/><endEvent id="e"/><- s > sub > after > e ->"""
SHOWN = {"name", "type", "value", "activityInstanceId", "executionId"}


def _places(s):
    s.get("/variable-instance?processInstanceIdIn={pi}&deserializeValues=false", fields={"name", "type", "value"})
    s.tree()


def mappings(s):
    s.deploy("varNested", NESTED)
    s.start("varNested", "pi", {"a": 1})
    s.task()
    _places(s)
    s.get("/task/{task}/variables?deserializeValues=false")
    s.get("/task/{task}/localVariables?deserializeValues=false")
    s.get("/process-instance/{pi}/variables")
    s.get("/task?processInstanceId={pi}", keep={"x": "0/executionId"}, fields=set())
    s.get("/execution/{x}/localVariables?deserializeValues=false")
    s.put("/execution/{x}/localVariables/own", {"value": 5, "type": "Integer"})
    s.put("/task/{task}/localVariables/mine", {"value": 6})
    s.put("/task/{task}/variables/a", {"value": 100})
    s.put("/task/{task}/variables/fresh", {"value": "f"})
    s.put("/task/{task}/variables/in", {"value": 7})
    _places(s)
    s.get("/task/{task}/localVariables/mine")
    s.get("/task/{task}/localVariables/fresh")
    s.get("/task/{task}/variables/fresh")
    s.get("/task/{task}/variables/none")
    s.get("/process-instance/{pi}/variables/none")
    s.get("/execution/{x}/localVariables/none")
    s.delete("/task/{task}/localVariables/mine")
    s.delete("/task/{task}/variables/none")
    s.post("/task/{task}/variables", {"modifications": typed({"m1": 1}), "deletions": ["fresh"]})
    s.post("/task/{task}/localVariables", {"modifications": typed({"m2": 1}), "deletions": ["own"]})
    s.post("/process-instance/{pi}/variables", {"modifications": typed({"m3": 1}), "deletions": ["none"]})
    _places(s)
    s.complete({"a": 50, "b": 2})
    _places(s)
    s.get("/history/variable-instance?processInstanceId={pi}&deserializeValues=false", fields={"name", "type", "value", "state"})


def types(s):
    s.deploy("varTypes", '<startEvent id="s"/><userTask id="t"/><endEvent id="e"/><- s > t > e ->')
    s.start("varTypes")
    values = [("Integer", 1), ("Long", 1), ("Short", 1), ("Double", 1.5), ("Double", 1), ("Boolean", True), ("String", "x"), ("String", 5), ("Date", "2030-01-02T10:00:00.000+0000"), ("Null", None), ("Integer", "1"),
              ("Integer", "x"), ("Integer", 1.5), ("Boolean", "true"), ("Boolean", "x"), ("Date", "soon"), ("Long", "x"), ("Double", "x"), ("Strange", 1), ("Json", '{"a": 1}'), ("Json", "{a"), ("integer", 1), ("Integer", 99999999999), (None, 99999999999), (None, 1.5), (None, None), ("String", None),
              ("Bytes", "YWJj"), ("Xml", "<a/>"), ("Short", 99999)]
    for n, (kind, value) in enumerate(values):
        s.note = f"{kind} {value}"
        s.put(f"/process-instance/{{pi}}/variables/v{n}", {"value": value} | ({"type": kind} if kind else {}))
        s.get(f"/process-instance/{{pi}}/variables/v{n}")
        s.post("/process-definition/key/varTypes/start", {"variables": {"v": {"value": value} | ({"type": kind} if kind else {})}}, fields={"ended"})
    s.note = ""
    for query in ("v0_eq_1", "v0_gt_0", "v6_eq_x", "v6_like_x", "v6_like_%25", "v0_neq_1", "none_eq_1", "v5_eq_true", "v0_lteq_1", "v6_gt_a", "v0_strange_1", "v0"):
        s.note = query
        s.get(f"/process-instance/count?processDefinitionKey=varTypes&variables={query}")
        s.get(f"/task/count?processDefinitionKey=varTypes&processVariables={query}")
        s.get(f"/execution/count?processDefinitionKey=varTypes&processVariables={query}")
    s.note = ""
    s.post("/process-instance/count", {"processDefinitionKey": "varTypes", "variables": [{"name": "v0", "operator": "eq", "value": 1}]})
    s.post("/process-instance/count", {"processDefinitionKey": "varTypes", "variables": [{"name": "V0", "operator": "eq", "value": 1}], "variableNamesIgnoreCase": True})
    s.post("/process-instance/count", {"processDefinitionKey": "varTypes", "variables": [{"name": "v6", "operator": "eq", "value": "X"}], "variableValuesIgnoreCase": True})


def several(s):
    """Variables of the instances of a multi-instance activity."""
    for sequential in ("false", "true"):
        key = "varSeveral" + sequential
        s.deploy(key, f"""<startEvent id="s"/><userTask id="t"><extensionElements><camunda:inputOutput><camunda:inputParameter name="own">p!</camunda:inputParameter></camunda:inputOutput></extensionElements>
<multiInstanceLoopCharacteristics isSequential="{sequential}" camunda:collection="list" camunda:elementVariable="item"><completionCondition>${{stop}}</completionCondition></multiInstanceLoopCharacteristics></userTask><userTask id="after"/><endEvent id="e"/><- s > t > after > e ->""")
        s.start(key, "pi", {"list": ["p", "q", "r"], "stop": False})
        _places(s)
        s.get("/variable-instance?processInstanceIdIn={pi}&variableName=own", fields={"value"})
        s.get("/execution?processInstanceId={pi}", fields={"ended"})
        s.get("/variable-instance?variableName=item&variableValues=item_eq_p&processInstanceIdIn={pi}", keep={"x": "0/executionId"}, fields={"value"})
        s.put("/execution/{x}/localVariables/local", {"value": 1})
        s.get("/task?processInstanceId={pi}&taskVariables=own_eq_p!", fields={"taskDefinitionKey"})
        s.get("/task?processInstanceId={pi}", keep={"task": "0/id"}, fields=set())
        s.complete({"stop": False, "r": 1})
        _places(s)
        s.get("/task?processInstanceId={pi}", keep={"task": "0/id"}, fields=set())
        s.complete({"stop": True})
        _places(s)
        s.get("/history/variable-instance?processInstanceId={pi}&deserializeValues=false", fields={"name", "value", "state"})


def modified(s):
    """Local variables by a modification."""
    s.deploy("varModified", NESTED)
    s.start("varModified", "pi", {"a": 1})
    more = {"variables": {"l": {"value": 1, "local": True}, "g": {"value": 2, "local": False}, "a": {"value": 3, "local": True}, "d": {"value": 4}}}
    for kind, target in (("startBeforeActivity", "t"), ("startAfterActivity", "t"), ("startBeforeActivity", "sub"), ("startBeforeActivity", "after")):
        s.note = f"{kind} {target}"
        s.post("/process-instance/{pi}/modification", {"instructions": [{"type": kind, "activityId": target} | more]})
        _places(s)
    s.post("/process-instance/{pi}/modification", {"instructions": [{"type": "startTransition", "transitionId": "sub_after"} | more]})
    _places(s)
    s.note = ""
    s.post("/process-definition/key/varModified/start", {"variables": typed({"a": 1}), "startInstructions": [{"type": "startBeforeActivity", "activityId": "t"} | more, {"type": "startBeforeActivity", "activityId": "after"}]}, keep={"pi": "id"}, fields={"ended"})
    _places(s)
    s.post("/process-definition/key/varModified/start", {"variables": typed({"a": 1}), "skipIoMappings": True, "startInstructions": [{"type": "startBeforeActivity", "activityId": "t"}]}, keep={"pi": "id"}, fields={"ended"})
    _places(s)
    s.post("/process-definition/key/varModified/start", {"startInstructions": [{"type": "startBeforeActivity", "activityId": "none"}]})
    s.post("/process-definition/key/varModified/start", {"startInstructions": [{"type": "strange", "activityId": "t"}]})
    s.post("/process-definition/key/varModified/start", {"startInstructions": [{"type": "startBeforeActivity"}]})
    s.post("/process-definition/key/varModified/start", {"skipIoMappings": True})
    s.post("/process-definition/key/varModified/start", {"variables": typed({"a": 1}), "withVariablesInReturn": True}, fields={"ended", "variables"})
