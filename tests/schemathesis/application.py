"""An application that reports to the studio of STUDIO_URL, so that there is something to ask for: actors of two types that
handle messages, write journals, and take every order. Runs until it is ended."""

import itertools
import time

from loom_client import Studio

ORDERS = ("pause", "resume", "step", "stop", "kill", "restart")

with Studio(app="shop") as studio:
    carts = [studio.actor(f"cart-{n}", "Cart", metadata={"number": n}) for n in range(3)]
    clerk = studio.actor("the clerk", "Clerk", parentId="cart-0")
    clerk.order("snapshot", lambda: {"items": [1, "two", None]})
    clerk.order("config", lambda settings: settings)
    for order in ORDERS:
        clerk.order(order, lambda: None)
    clerk.message("Add", lambda body: body)
    clerk.message("Fail", lambda body: 1 / 0, schema={"type": "object"})
    for turn in itertools.count():
        for cart in carts:
            cart.handled(ms=1.5, error="no such thing" if turn % 10 == 9 else None)
        clerk.note(f"turn {turn}")
        time.sleep(0.5)
