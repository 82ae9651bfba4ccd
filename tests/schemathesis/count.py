"""Prints how many operations a round of schemathesis tried and how many failed, for the table of `make test`; fails when any
did, when the round itself came to grief, or when nothing was tried.

count.py NAME FOLDER CODE [all]; with `all` an operation that was never done, only refused, has failed too."""

import collections
import json
import sys
import xml.etree.ElementTree

NAME, FOLDER, CODE, *ALL = sys.argv[1:]
# Nothing waits for an answer here, runs end faster than they can be cancelled, and no job was tried twice in one.
NEVER = ("/answer", "/cancel", "/attempts/{attempt}")


def statuses():
    """How each operation was answered."""
    seen = collections.defaultdict(collections.Counter)
    with open(f"{FOLDER}/{NAME}.ndjson") as lines:
        for line in lines:
            scenario = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
            for interaction in scenario.get("interactions", {}).values():
                if answer := interaction.get("response"):
                    seen[scenario["label"]][answer["status_code"]] += 1
    return seen


def refused():
    for operation, answers in sorted(statuses().items()):
        if not any(200 <= status < 300 for status in answers) and not operation.endswith(NEVER):
            print(f"{NAME}: {operation} was never done, only answered {dict(answers)}")
            yield operation


try:
    cases = list(xml.etree.ElementTree.parse(f"{FOLDER}/{NAME}.xml").iter("testcase"))
except (OSError, xml.etree.ElementTree.ParseError) as error:
    print(f"{NAME}: no report: {error}")
    cases = []
skipped = {case.get("name") for case in cases if case.find("skipped") is not None}
bad = {case.get("name") for case in cases if case.find("failure") is not None or case.find("error") is not None}
if cases and ALL:
    bad |= set(refused())
good = {case.get("name") for case in cases} - bad - skipped
failed = len(bad)
if failed == 0 and (CODE != "0" or not good):
    failed = 1
print(f"test result: {NAME}. {len(good)} passed; {failed} failed; {len(skipped)} skipped")
sys.exit(1 if failed else 0)
