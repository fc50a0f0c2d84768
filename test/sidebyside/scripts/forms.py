"""The rules of generated forms."""
from play import typed

FIELDS = [
    ("short", "string", [("maxlength", "3")], None), ("long3", "string", [("minlength", "3")], None),
    ("low", "long", [("min", "5")], None), ("high", "long", [("max", "5")], None),
    ("must", "string", [("required", None)], None), ("mustFlag", "boolean", [("required", None)], None), ("fixed", "string", [("readonly", None)], None),
    ("flag", "boolean", [], None), ("number", "long", [], None), ("day", "date", [], None), ("kind", "enum", [], None),
    ("preset", "long", [], "7"), ("presetText", "string", [], "${n + 1}"), ("presetKind", "enum", [], "b"),
    ("mustLong", "long", [("required", None), ("min", "2"), ("max", "4")], None), ("fixedPreset", "string", [("readonly", None)], "seven"),
    ("lowReal", "double", [("min", "1.5")], None), ("textMin", "string", [("min", "3")], None), ("numberLength", "long", [("maxlength", "3")], None),
    ("several", "string", [("minlength", "2"), ("maxlength", "5")], None), ("flagDefault", "boolean", [], "true"), ("dayDefault", "date", [], "01/02/2030"),
    ("lowReal2", "long", [("min", "1.5")], None), ("badLength", "string", [("maxlength", "x")], None), ("mustDefault", "string", [("required", None)], "d"),
]
VALUES = {
    "short": ["", "ab", "abc", "abcd", 12, None, True], "long3": ["", "ab", "abc", "abcd", None], "low": [4, 5, 6, "5", "4", "x", None, 5.5, True], "high": [4, 5, 6, "6", None],
    "must": ["", "a", None, " "], "mustFlag": [True, False, None, "true", ""], "fixed": ["a", "", None],
    "flag": [True, "true", "yes", "", "TRUE", 1, None, "false"], "number": [1, "1", "1.5", "", "abc", 1.5, True, None, "99999999999", "99999999999999999999", " 1", "+1"],
    "day": ["24/12/2030", "2030-12-24", "2030-12-24T10:00:00.000+0000", "", "soon", 5, None, "32/13/2030"], "kind": ["a", "b", "c", "", None, 1],
    "preset": [None, 1, "2"], "presetText": [None, "x"], "presetKind": [None, "a", "zzz"], "mustLong": [None, 1, 2, 4, 5, "3", ""], "fixedPreset": [None, "seven", "eight"],
    "lowReal": [1, 2, 1.5, "2"], "textMin": ["3", "2", 4, "x"], "numberLength": [1, 1234, "12"], "several": ["a", "ab", "abcd", "abcde", "abcdef"],
    "flagDefault": [None, False], "dayDefault": [None], "lowReal2": [1, 2], "badLength": ["a"], "mustDefault": [None, "x", ""],
}


def _field(name, kind, constraints, default):
    inner = "".join(f'<camunda:constraint name="{c}"' + (f' config="{v}"' if v is not None else "") + "/>" for c, v in constraints)
    inner = f"<camunda:validation>{inner}</camunda:validation>" if inner else ""
    if kind == "enum":
        inner += '<camunda:value id="a" name="A"/><camunda:value id="b" name="B"/>'
    preset = f' defaultValue="{default}"' if default is not None else ""
    return f'<extensionElements><camunda:formData><camunda:formField id="{name}" label="{name}" type="{kind}"{preset}>{inner}</camunda:formField></camunda:formData></extensionElements>'


def _bodies(name):
    for value in VALUES[name]:
        yield {name: {"value": value}}
    if None not in VALUES[name] or name.startswith("must"):
        yield {}


def _answer(s, path, body):
    s.post(path, {"variables": body}, keep={"pi": "id"}, fields={"ended"})


def _fields(s, task):
    for name, kind, constraints, default in FIELDS:
        s.note = key = f"form{'Task' if task else 'Start'}{name}"
        field = _field(name, kind, constraints, default)
        if task:
            s.deploy(key, f'<startEvent id="s"/><userTask id="t">{field}</userTask><userTask id="u"/><endEvent id="e"/><- s > t > u > e ->')
        else:
            s.deploy(key, f'<startEvent id="s">{field}</startEvent><userTask id="u"/><endEvent id="e"/><- s > u > e ->')
        if task:
            s.start(key, "pi", {"n": 1})
            s.task()
            s.get("/task/{task}/form-variables")
        else:
            s.get(f"/process-definition/key/{key}/form-variables")
        for body in _bodies(name):
            s.note = f"{key} {body}"
            if task:
                s.start(key, "pi", {"n": 1})
                s.task()
                s.post("/task/{task}/submit-form", {"variables": body})
            else:
                _answer(s, f"/process-definition/key/{key}/submit-form", {"variables": body | {"n": {"value": 1}}}["variables"])
            s.get("/variable-instance?processInstanceIdIn={pi}&deserializeValues=false", fields={"name", "type", "value"})
            s.get("/task?processInstanceId={pi}", fields={"taskDefinitionKey"})
    s.note = ""


def of_tasks(s):
    _fields(s, True)


def of_starts(s):
    _fields(s, False)


def errors(s):
    """The words of refusals, and tasks that are not there."""
    s.deploy("formError", '<startEvent id="s">' + _field("a", "long", [("min", "3")], None) + '</startEvent><userTask id="t">' + _field("b", "string", [("required", None)], None) + '</userTask><endEvent id="e"/><- s > t > e ->')
    s.post("/process-definition/key/formError/submit-form", {"variables": {"a": {"value": 1}}})
    s.post("/process-definition/{formError}/submit-form", {"variables": {"a": {"value": 1}}})
    s.post("/process-definition/key/formError/submit-form", {"variables": {"a": {"value": "x", "type": "Integer"}}})
    s.post("/process-definition/key/nothing/submit-form", {"variables": {}})
    s.post("/process-definition/key/formError/submit-form", {"variables": {"a": {"value": 3}}, "businessKey": "bk"}, keep={"pi": "id"}, fields={"businessKey", "ended"})
    s.task()
    s.post("/task/{task}/submit-form", {"variables": {}})
    s.post("/task/{task}/submit-form", {"variables": {"b": {"value": "x", "type": "Strange"}}})
    s.post("/task/{task}/submit-form", {"variables": {"b": {"value": "x"}}, "withVariablesInReturn": True})
    s.post("/task/{task}/submit-form", {"variables": {"b": {"value": "x"}}})
    s.post("/task/nothing/submit-form", {"variables": {}})
    s.get("/task/{task}/form-variables")
    s.start("formError", "pi", {"a": 1})
    s.task()
    s.complete()


def delegated(s):
    s.deploy("formDelegated", '<startEvent id="s"/><userTask id="t" camunda:assignee="kim">' + _field("b", "string", [], None) + '</userTask><endEvent id="e"/><- s > t > e ->')
    s.start("formDelegated")
    s.task()
    s.post("/task/{task}/delegate", {"userId": "lee"}, silent=True)
    s.post("/task/{task}/complete", {})
    s.post("/task/{task}/submit-form", {"variables": typed({"b": "x"})})
    s.get("/task?processInstanceId={pi}", fields={"assignee", "owner", "delegationState"})
    s.state()
