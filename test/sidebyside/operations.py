"""What operators do to running instances."""
from play import Difference, typed


def one(play, state, other):
    """One random operation on both; reports whether the run goes on."""
    if play.random.randrange(3) == 0:
        play.random.choice([local, counts])(play, state, other)
    else:
        play.random.choice([variable, modify, suspend, delete_variable])(play, state)
    return True


def variable(play, _):
    values = play.change()
    play.both(f"set variables {values}", lambda e, i: e.call("POST", f"/process-instance/{play.ids[i]}/variables", {"modifications": values}))


def delete_variable(play, _):
    play.both("delete s", lambda e, i: e.call("DELETE", f"/process-instance/{play.ids[i]}/variables/s"))
    play.both("set s again", lambda e, i: e.call("PUT", f"/process-instance/{play.ids[i]}/variables/s", typed({"s": "again"})["s"]))


def active(node, into):
    for child in node.get("childActivityInstances") or []:
        into.append(child["activityId"])
        active(child, into)
    return into


def modify(play, state):
    """Cancels all instances of an activity and starts one of it, or of another that is active, anew."""
    found = sorted({a for a in active(state.trees[0], []) if "#" not in a})
    if not found:
        return
    cancelled, started = play.random.choice(found), play.random.choice(found)
    kind = play.random.choice(["startBeforeActivity", "startAfterActivity"])
    instructions = [{"type": kind, "activityId": started}]
    if play.random.randrange(2):
        instructions.append({"type": "cancel", "activityId": cancelled})
    flags = play.random.choice([{}, {}, {"skipCustomListeners": True}, {"skipIoMappings": True}])
    play.both(f"modify {instructions} {flags}", lambda e, i: e.call("POST", f"/process-instance/{play.ids[i]}/modification", {"instructions": instructions} | flags))


def local(play, state, other):
    """A variable of one task alone."""
    tasks = [(key, what) for key, what in state.acts if key[0] == "task"]
    if not tasks:
        return
    key, first = play.random.choice(tasks)
    match = [what for k, what in other.acts if k == key]
    if match:
        items = [first, match[0]]
        play.both(f"set local {key}", lambda e, i: e.call("PUT", f"/task/{items[i]['id']}/localVariables/n", {"value": 2}))


def counts(play, *_):
    """Queries of the history that count."""
    for path in ("task/count?finished=true", "task/count?unfinished=true", "activity-instance/count?activityType=userTask", "incident/count?open=true", "variable-instance/count?variableName=s"):
        found = [e.call("GET", f"/history/{path}&processInstanceId={play.ids[i]}") for i, e in enumerate(play.engines)]
        if found[0] != found[1]:
            raise Difference("count", [path, found[0]], [path, found[1]])


def suspend(play, state):
    """Nothing works while an instance is suspended."""
    play.both("suspend", lambda e, i: e.call("PUT", f"/process-instance/{play.ids[i]}/suspended", {"suspended": True}))
    play.compare()
    play.both("resume", lambda e, i: e.call("PUT", f"/process-instance/{play.ids[i]}/suspended", {"suspended": False}))
