"""What schemathesis does here beside its own: it asks for what is there too, not only for what is made up; and it checks that a
token can do what its role may, and no more.

LOOM_OPENAPI_FOUND names the run, the job and the actors that there are (prepared.py), LOOM_OPENAPI_URL the studio.
LOOM_OPENAPI_ROLE is the role of the token that is shown, or `nobody`."""

import datetime
import itertools
import json
import os
import urllib.request

import schemathesis
from schemathesis.generation import GenerationMode

ROLE = os.environ.get("LOOM_OPENAPI_ROLE")
INCLUDED = {
    "nobody": set(),
    "report": {"report"},
    "view": {"view"},
    "operate": {"report", "view", "operate"},
    "admin": {"report", "view", "operate", "admin"},
}
with open(os.environ["LOOM_OPENAPI_FOUND"]) as file:
    FOUND = json.load(file)
TURN = itertools.count(1)
BOOT = f"hooks-{os.getpid()}"


def batch(turn):
    record = {"id": f"{BOOT}-1", "type": "Batched", "messageCount": turn, "status": "active"}
    return {"boot": BOOT, "seq": turn, "generation": 1, "complete": True, "register": [record], "update": [], "unregister": []}


ORDER = {"wait": 2000}
# Nobody listens at that port of this machine.
CHANNEL = {"name": "Nobody", "enabled": False, "target": {"kind": "webhook", "url": "http://127.0.0.1:9/warned"}}
TOMORROW = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)).isoformat()
# Of warnings, what can be made and taken away again.
WARNINGS = {
    "channels": CHANNEL,
    "silences": {"until": TOMORROW, "filter": "type:Nobody"},
    "rules": {"name": "Work", "when": {"kind": "work", "event": "failed"}},
}
KEPT = {}
# Bodies that come to something, by how the path ends.
BODIES = {
    "/actor/register": lambda turn: {"id": "by-hand", "type": "Hand", "status": "active", "messageCount": turn},
    "/actor/update": lambda turn: {"id": "by-hand", "messageCount": turn, "metadata": {"turn": turn}},
    "/actor/batch": batch,
    "/actor/poll": lambda turn: {"boot": BOOT, "wait": 0},
    "/rerun": lambda turn: {"failed": True},
    **{f"/warnings/{kind}": lambda turn, body=body: body for kind, body in WARNINGS.items()},
    **{f"/warnings/{kind}/{{id}}": lambda turn, body=body: body for kind, body in WARNINGS.items()},
    "/message": lambda turn: {"message": ("Add", "Fail")[turn % 2], "body": {"turn": [turn]}, **ORDER},
    "/config": lambda turn: {"body": {"turn": turn}, **ORDER},
    **{f"/{order}": lambda turn: ORDER for order in ("snapshot", "pause", "resume", "step", "stop", "kill", "restart")},
}


def made(kind):
    """Makes a channel, a silence or a rule, and says its id; nothing where a token is wanted."""
    if ROLE is not None:
        return None
    body = json.dumps(WARNINGS[kind]).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{os.environ['LOOM_OPENAPI_URL']}/api/warnings/{kind}", body, headers)
    return json.load(urllib.request.urlopen(request, timeout=5))["id"]


def of_warnings(kind, method):
    """One that is there: another one each time for whoever takes it away."""
    if method == "DELETE":
        return made(kind)
    if kind not in KEPT:
        KEPT[kind] = made(kind)
    return KEPT[kind]


def place(path, name):
    """What is there of the kind that this part of the path names."""
    if "/runs/" in path or "/jobs/" in path:
        return {"id": FOUND["run"], "attempt": 1}.get(name, FOUND["job"])
    return {"type": FOUND["type"], "name": FOUND["workflow"]}.get(name, FOUND["actors"][0])


@schemathesis.hook
def before_call(ctx, case, **kwargs):
    # What is to be wrong stays so, and every third request is as it was made up.
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE or next(TURN) % 3 == 0:
        return
    turn = next(TURN)
    path = case.operation.path
    for name in case.path_parameters or {}:
        if "/warnings/" in path:
            kind = path.split("/warnings/")[1].split("/")[0]
            case.path_parameters[name] = of_warnings(kind, case.operation.method.upper()) or case.path_parameters[name]
        else:
            case.path_parameters[name] = place(path, name)
    if path.endswith(("/logs", "/logs/raw", "/runs", "/actors")) and case.method.upper() == "GET":
        case.query.clear()
    if path.endswith("/logs/search"):
        case.query = {"q": "e", "limit": turn % 3 + 1}
    for end, body in BODIES.items():
        if path.endswith(end) and case.method.upper() in ("POST", "PUT"):
            case.body, case.media_type = body(turn), "application/json"


@schemathesis.check
def no_more_than_the_role(ctx, response, case):
    needed = case.operation.definition.raw.get("x-role")
    if ROLE is None or needed is None or case.method.upper() != case.operation.method.upper():
        return
    code = None
    if "problem+json" in (response.headers.get("content-type") or [""])[0]:
        code = response.json().get("code")
    if needed in INCLUDED[ROLE]:
        assert code not in ("role_too_low", "token_required"), f"`{ROLE}` may do what needs `{needed}`, and is refused"
        return
    refusal = "token_required" if ROLE == "nobody" else "role_too_low"
    # What is made of an id without text is the path of nothing.
    assert code in (refusal, "no_such_path"), f"`{ROLE}` does what needs `{needed}`"
