"""Runs random models on Camunda 7 and on the product, and fails where they differ without a written reason.

Python, because it needs nothing but the standard library, and a third of the lines that Go would. It is no part of the
product and of no test that a commit must pass.
"""
import argparse
import os
import sys
import time

from engines import CAMUNDA, PRODUCT, Started, missing
from generate import Model
from known import reason as known_as, rules
from play import JAVA, Difference, NeedsJava, Play
from rest import Engine, Unanswered, ordered
from script import Script
from scripts import ALL
from state import text


class Total:
    def __init__(self):
        self.models = self.runs = self.actions = self.states = self.refused = self.endless = self.java = self.scripts = self.steps = 0
        self.known, self.differences = {}, []


def play_one(engines, key, seed, features, total, known, arguments):
    play = Play(engines, key, seed, arguments.operate)
    play.features = features
    try:
        play.run(arguments.steps)
    except NeedsJava:
        total.java += 1
    except Difference as difference:
        reason = known_as(known, difference, play)
        if reason:
            total.known[reason] = total.known.get(reason, 0) + 1
        else:
            total.differences.append(f"{key} seed {seed}: {difference.kind}")
            print(f"DIFFERENCE {key} seed {seed}: {difference.kind}")
            for line in play.log:
                print("   ", *line)
            print("    camunda", text(difference.one)[:2000], "\n    product", text(difference.other)[:2000], flush=True)
    play.clean()
    total.runs, total.actions, total.states = total.runs + 1, total.actions + play.actions, total.states + play.states


def models(arguments):
    """Name, XML and what is in it."""
    for path in arguments.files:
        with open(path, "rb") as file:
            xml = file.read()
        yield os.path.basename(path), xml, {"callActivity"} if b"callActivity" in xml else set()
    for seed in range(arguments.first, arguments.first + arguments.models):
        model = Model(seed)
        yield f"{model.key}.bpmn", model.xml(), model.features


def compare(engines, arguments, known, started):
    total = Total()
    for name, xml, features in models(arguments):
        total.models += 1
        one, other = (engine.deploy(name, {name: xml}) for engine in engines)
        if "cvc-" in text(one[1]):  # the order of elements
            xml = ordered(xml)
            one, other = (engine.deploy(name, {name: xml}) for engine in engines)
        if one[0] >= 300 or other[0] >= 300:
            total.refused += 1
            if (one[0] < 300) != (other[0] < 300) and not JAVA.search(text(one[1])):
                print(f"DEPLOYMENT {name}: camunda {one[0]}, product {other[0]}", text(one[1])[:300], text(other[1])[:300], flush=True)
                total.differences.append(name)
            continue
        keys = sorted({d["key"] for d in one[1]["deployedProcessDefinitions"].values()})
        for key in keys:
            for seed in range(arguments.seeds):
                try:
                    play_one(engines, key, seed, features, total, known, arguments)
                except Unanswered as unanswered:  # a model that never waits: Camunda 7 has no limit
                    if unanswered.engine.name != "camunda" or arguments.camunda_url:
                        raise
                    total.endless += 1
                    started.again("camunda")
                    for engine in engines:
                        engine.deploy(name, {name: xml})
    return total


def play_scripts(engines, total, known, wanted, show):
    for name, function in ALL.items():
        if not any(name.startswith(start) for start in wanted):
            continue
        script = Script(name, engines, known)
        function(script)
        total.scripts, total.steps = total.scripts + 1, total.steps + script.steps
        for reason, step, one, other in script.excused:
            total.known[reason] = total.known.get(reason, 0) + 1
            if show:
                print(f"KNOWN {name}: {step}: {reason}\n    camunda", text(one)[:1500], "\n    product", text(other)[:1500], flush=True)
        for step, one, other in script.differences:
            total.differences.append(f"{name}: {step}")
            print(f"DIFFERENCE {name}: {step}\n    camunda", text(one)[:1500], "\n    product", text(other)[:1500], flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("files", nargs="*", help="models to play besides the random ones")
    p.add_argument("--models", type=int, default=100)
    p.add_argument("--first", type=int, default=1, help="the seed of the first random model")
    p.add_argument("--seeds", type=int, default=3, help="runs of each process")
    p.add_argument("--steps", type=int, default=14, help="actions of a run")
    p.add_argument("--scripts", nargs="*", default=[""], help="the beginnings of the names of the scripts to play; none: no script")
    p.add_argument("--show-known", action="store_true", help="print the known differences of scripts, too")
    p.add_argument("--operate", action="store_true", help="operators act as well")
    p.add_argument("--home", default=os.path.join(".diom", "sidebyside"))
    p.add_argument("--product", default=os.path.join(".diom", "bin", "diom"))
    p.add_argument("--camunda-url", help="of one that runs already")
    p.add_argument("--product-url", help="of one that runs already, with its demo")
    arguments = p.parse_args()
    known = rules()
    lacks = missing(os.path.abspath(arguments.product), arguments)
    if lacks:
        sys.exit("side-by-side cannot run:\n  " + "\n  ".join(lacks))
    with Started(os.path.abspath(arguments.home)) as started:
        if not arguments.camunda_url:
            started.camunda()
        if not arguments.product_url:
            started.product(os.path.abspath(arguments.product))
        began = time.time()
        engines = (Engine("camunda", arguments.camunda_url or f"http://127.0.0.1:{CAMUNDA}/engine-rest"),
                   Engine("product", arguments.product_url or f"http://127.0.0.1:{PRODUCT}/engine-rest", "admin:Diom-demo-1"))
        total = compare(engines, arguments, known, started)
        play_scripts(engines, total, known, arguments.scripts, arguments.show_known)
    print(f"{total.scripts} scripts, {total.steps} answers compared")
    print(f"{total.models} models ({total.refused} refused by one or both), {total.runs} runs, {total.actions} actions, {total.states} states compared, {total.endless} endless in Camunda 7, {total.java} stopped where Java is needed, in {time.time() - began:.0f} s")
    for reason, count in sorted(total.known.items(), key=lambda item: -item[1]):
        print(f"known, {count}: {reason}")
    print(f"{len(total.differences)} differences that are not known")
    sys.exit(1 if total.differences else 0)


if __name__ == "__main__":
    main()
