"""Which differences are known: the rules of known.json. Each names a narrow case and why the engines differ there."""
import json
import os

from engines import HERE
from state import text


def rules():
    with open(os.path.join(HERE, "known.json")) as file:
        return json.load(file)


def reason(known, difference, play):
    """The reason why a difference is known, or nothing."""
    last = play.log[-1][0] if play.log else ""
    return next((rule["reason"] for rule in known if "script" not in rule and fits(rule, difference, last, play.features)), None)


def fits(rule, difference, last, features):
    parts = [part for part in (difference.one if isinstance(difference.one, list) else [difference.one]) if isinstance(part, dict)]
    others = [part for part in (difference.other if isinstance(difference.other, list) else [difference.other]) if isinstance(part, dict)]
    only = {name for part in parts for name in part}
    if rule["kind"] != difference.kind or not last.startswith(rule.get("last", "")):
        return False
    if rule.get("camunda", "") not in text(difference.one) or rule.get("product", "") not in text(difference.other):
        return False
    if rule.get("feature") and not set(rule["feature"].split("|")) & set(features):
        return False
    if rule.get("only") and not (only and only <= set(rule["only"].split())):
        return False
    sides = parts + others
    if rule.get("names") and not all(variable[0] in rule["names"] for part in sides for variable in part.get("variables", [])):
        return False
    return not rule.get("flags") or marks(parts) == marks(others)


def marks(parts):
    """Activities of the history without the mark that they were canceled."""
    return sorted(text(activity[:3]) for part in parts for activity in part.get("activities", []))


def of_script(known, name, step):
    """The reason why an answer of a script may differ, or nothing. A step is known by what it begins with or has."""
    return next((rule["reason"] for rule in known if name.startswith(rule.get("script", "?")) and any(part in step for part in rule["steps"])), None)
