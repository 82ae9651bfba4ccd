"""Shows the actors of a Python program in a Loom studio, and carries out what is ordered of them there.

    with Studio("http://localhost:9090", app="shop") as studio:
        cart = studio.actor("cart-1", "Cart")
        cart.message("Add", lambda body: body["by"] + 1)
        cart.handled(ms=1.5)

The standard library is enough. One thread reports each second, another one waits for orders, a third one carries them out; none
holds the program up, and a studio that is away is tried again. Any thread may call what is here.
"""

import http.client
import json
import logging
import os
import queue
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections import OrderedDict, deque
from datetime import datetime, timezone

LOG = logging.getLogger("loom")
EVENTS = 1_000  # that wait to be told; the oldest are dropped, and counted
PER_BATCH = 200  # of them
ORDERS = 256  # that wait to be carried out or answered; four times as many are remembered as carried out
VALUE = 64 * 1024  # bytes of an answer's value
POLL = 30.0  # seconds for which one request waits for orders; also the longest pause after one that failed

# Nobody is there, or what is there is no studio.
NO_STUDIO = (OSError, http.client.HTTPException, ValueError, AttributeError, KeyError, TypeError)


class NoJson(Exception):
    """Something that was given cannot be written as JSON: it contains itself."""


class Actor:
    """One actor. Its counts only grow; what is not known is left out."""

    def __init__(self, studio, id, type, fields):
        self._studio, self.id = studio, id
        self._orders, self._messages = {}, {}
        self._fields = {"id": id, "type": type, "status": "idle", "messageCount": 0, "errorCount": 0, **fields}
        self._work = {"handled": 0, "handleUs": 0}
        self._began = time.monotonic()

    def set(self, **fields):
        """Changes fields by the names that docs/reporting.md has: status, queueDepth, metadata, …"""
        with self._studio._lock:
            self._fields.update(fields)
            self._studio._changed.add(self.id)

    def handled(self, ms=None, error=None):
        """A message was handled, within so many milliseconds, perhaps with an error."""
        with self._studio._lock:
            self._fields["messageCount"] += 1
            if ms is not None:
                self._work["handled"] += 1
                self._work["handleUs"] += round(ms * 1000)
            if error is not None:
                self._fields["errorCount"] += 1
            self._studio._changed.add(self.id)
        if error is not None:
            self.note(str(error), kind="error")

    def note(self, message, kind="note", **data):
        """Writes a line into the actor's journal."""
        event = {"actor": self.id, "kind": kind, "message": message, "time": datetime.now(timezone.utc).isoformat()}
        self._studio._event({**event, "data": data} if data else event)

    def order(self, kind, handle):
        """Lets this be ordered: snapshot, pause, resume, step, stop, kill, restart; or config, which is given the settings.
        What `handle` returns is the order's value; what it raises makes it fail."""
        with self._studio._lock:
            self._orders[kind] = handle
            self._studio._changed.add(self.id)

    def message(self, type, handle, schema=None):
        """Lets messages of a type be sent from the studio; `handle` is given the body and returns the answer."""
        with self._studio._lock:
            self._messages[type] = (handle, schema)
            self._studio._changed.add(self.id)

    def stop(self, status="stopped"):
        """It has ended; it stays to be seen until the studio is closed."""
        good = status == "stopped"
        self.note("it ended" if good else "it failed", kind="stopped" if good else "panicked")
        self.set(status=status)

    def _record(self):
        record = {**self._fields, "uptime": round((time.monotonic() - self._began) * 1000)}
        if self._work["handled"]:
            record["work"] = dict(self._work)
        if orders := [*self._orders, *(["message"] if self._messages else [])]:
            forms = [{"type": t, **({"schema": s} if s else {})} for t, (_, s) in self._messages.items()]
            record["controls"] = {"orders": orders, "messages": forms}
        return record

    def _carry(self, order):
        kind = order["order"]
        is_message = kind == "message"
        handle = self._messages.get(order.get("message"), [None])[0] if is_message else self._orders.get(kind)
        if handle is None:
            return {"outcome": "refused", "problem": f"{self.id} does not take this"}
        self.note(f"{kind}, by {order['by']}", kind="order", by=order["by"])
        try:
            value = handle(order.get("body")) if is_message or kind == "config" else handle()
            if (size := len(json.dumps(value).encode())) > VALUE:
                raise ValueError(f"its value has {size} bytes of JSON, and may have {VALUE}")
        except Exception as error:  # of the program; it must hear of it where it was ordered
            LOG.exception("an order failed")
            return {"outcome": "failed", "problem": f"{type(error).__name__}: {error}"}
        return {"outcome": "done"} if value is None else {"outcome": "done", "value": value}


class Studio:
    """The studio that this program reports to. Close it, or use it in a `with`, and its actors are gone there."""

    def __init__(self, url=None, token=None, app=None, period=1.0):
        self._url = (url or os.environ.get("STUDIO_URL", "http://localhost:9090")).rstrip("/")
        token = token or os.environ.get("STUDIO_TOKEN")
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._boot = str(uuid.uuid4())
        self._source = {"app": app or os.path.basename(sys.argv[0]) or "python", "node": socket.gethostname(),
                        "pid": os.getpid(), "boot": self._boot}
        self._lock, self._wake, self._closing = threading.RLock(), threading.Event(), False
        self._actors, self._changed, self._gone, self._all = {}, set(), set(), True
        self._events, self._dropped, self._answers, self._bare = deque(), 0, [], set()
        self._seq, self._generation, self._period, self._trouble = 0, 0, period, None
        self._waiting, self._seen = queue.Queue(ORDERS), OrderedDict()
        self._reporter = threading.Thread(target=self._report, daemon=True)
        self._reporter.start()
        threading.Thread(target=self._work, daemon=True).start()
        threading.Thread(target=self._poll, daemon=True).start()

    def actor(self, id, type, **fields):
        """Shows a new actor."""
        actor = Actor(self, id, type, fields)
        with self._lock:
            self._actors[id] = actor
            self._changed.add(id)
            self._all = True  # a whole record of it has to go first
        actor.note("it began", kind="started")
        return actor

    def remove(self, actor):
        """Shows an actor no more."""
        with self._lock:
            if self._actors.pop(actor.id, None) is not None:
                self._gone.add(actor.id)
        self._wake.set()

    def close(self, timeout=3.0):
        """Tells what is left, with the answers to orders that are under way, takes the actors off the studio and ends."""
        until = time.monotonic() + timeout
        while self._waiting.unfinished_tasks and time.monotonic() < until:
            time.sleep(0.01)
        for actor in list(self._actors.values()):
            self.remove(actor)
        self._closing = True
        self._wake.set()
        self._reporter.join(timeout)

    def __enter__(self):
        return self

    __exit__ = lambda self, *_: self.close()

    def _event(self, event):
        with self._lock:
            if len(self._events) >= EVENTS:
                self._events.popleft()
                self._dropped += 1
            self._events.append(event)

    def _next(self):
        with self._lock:
            self._seq += 1
            batch = {"boot": self._boot, "seq": self._seq, "source": self._source}
            if self._all:
                self._generation += 1
                batch["register"] = [actor._record() for actor in self._actors.values()]
                batch["complete"] = True
            else:
                known = [self._actors[id] for id in self._changed if id in self._actors]
                batch["update"] = [actor._record() for actor in known]
            batch["generation"] = self._generation
            batch["unregister"] = list(self._gone)
            batch["events"] = [self._events.popleft() for _ in range(min(PER_BATCH, len(self._events)))]
            batch["answers"] = self._answers
            if self._dropped:
                batch["dropped"] = {"events": self._dropped, "edges": 0, "messages": 0}
            self._all, self._changed, self._gone, self._answers = False, set(), set(), []
            return batch

    def _report(self):
        batch = None
        while True:
            self._wake.clear()
            ending = self._closing and batch is None  # one that is told again is not the last
            batch = batch or self._next()
            try:
                outcome = self._post(batch)
                self._trouble = None
                # Before it is forgotten: what answers otherwise is no studio, and has taken nothing.
                self._settle(outcome)
                batch = None
            except urllib.error.HTTPError as error:
                self._say(f"the studio refuses a batch: {error.code} {error.read(500)!r}")
                # 401, 408, 429 and 5xx may pass; anything else it would say for ever, so all is told anew.
                if error.code not in (401, 403, 408, 429) and error.code < 500:
                    self._put_back(batch)
                    batch = None
            except NoJson as error:
                self._say(f"a batch is no JSON, so what happened since the last one is left out: {error}")
                self._put_back(batch)
                batch = None
            except NO_STUDIO as error:
                self._say(f"the studio at {self._url} does not answer: {error}")
            if ending and (batch is not None or not self._answers):
                return
            # An answer goes at once; else it is the beat. A studio that is away is not asked more often for it.
            self._wake.wait(self._period) if self._trouble is None else time.sleep(self._period)

    def _post(self, batch, path="batch", timeout=10):
        try:
            body = json.dumps(batch, default=str).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise NoJson(error) from error
        request = urllib.request.Request(f"{self._url}/api/actor/{path}", body, self._headers)
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return json.loads(answer.read())

    def _put_back(self, batch):
        """A batch was refused. Its answers go again; those that were in a refused one before go without what may be at fault."""
        with self._lock:
            self._all, self._dropped = True, self._dropped + len(batch["events"])
            again = [{"id": answer["id"], "outcome": answer["outcome"], "problem": "the studio refused its value"}
                     if answer["id"] in self._bare else answer for answer in batch["answers"]]
            self._bare = {answer["id"] for answer in again}
            self._answers = again + self._answers

    def _poll(self):
        """Hears of orders at once: the studio answers when there is something, and the answer to a batch has it."""
        seen, pause = None, 0.5
        while not self._closing:
            try:
                asked = {"boot": self._boot, "wait": int(POLL * 1000), **({"seen": seen} if seen else {})}
                polled = self._post(asked, "poll", POLL + 10)
                seen, pause = polled["seen"], 0.5
                if polled["changed"]:
                    self._wake.set()
                time.sleep(0.005)  # one that always answers at once is not asked without end
            except NO_STUDIO:  # the next batch says why, if that fails too
                seen = None
                time.sleep(pause)
                pause = min(2 * pause, POLL)

    def _settle(self, outcome):
        self._all |= outcome.get("resync", False)
        for rejection in outcome["rejected"]:
            if rejection.get("code") == "unknown_actor":
                self._all = True
            else:
                self._say(f"the studio does not take something: {rejection['problem']}")
        for order in outcome.get("orders", []):
            if order["id"] in self._seen:
                continue  # it comes again until its answer has arrived
            if len(self._answers) >= ORDERS:
                return  # it comes again
            try:
                self._waiting.put_nowait(order)
            except queue.Full:
                return  # it comes again
            self._seen[order["id"]] = True
            while len(self._seen) > 4 * ORDERS:
                self._seen.popitem(last=False)

    def _work(self):
        while True:
            order = self._waiting.get()
            actor = self._actors.get(order["actor"])
            answer = actor._carry(order) if actor else {"outcome": "refused", "problem": "it is gone"}
            with self._lock:
                self._answers.append({"id": order["id"], **answer})
            self._waiting.task_done()
            self._wake.set()

    def _say(self, text):
        if text != self._trouble:  # once, or a studio that is away would fill the log
            LOG.warning(text)
        self._trouble = text
