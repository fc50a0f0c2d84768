"""What operators do to running instances."""
from play import typed


def one(play, state, _):
    """One random operation on both; reports whether the run goes on."""
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
    play.both(f"modify {instructions}", lambda e, i: e.call("POST", f"/process-instance/{play.ids[i]}/modification", {"instructions": instructions}))


def suspend(play, state):
    """Nothing works while an instance is suspended."""
    play.both("suspend", lambda e, i: e.call("PUT", f"/process-instance/{play.ids[i]}/suspended", {"suspended": True}))
    play.compare()
    play.both("resume", lambda e, i: e.call("PUT", f"/process-instance/{play.ids[i]}/suspended", {"suspended": False}))
