"""Steps: tokens that a service refuses, and tokens that expire."""

import time
from concurrent.futures import ThreadPoolExecutor

from demo.api import Answer, check
from demo.gateway import WORKERS
from demo.tour import ADA, Tour

_SHORT_SECONDS = 3
_USUAL_SECONDS = 3600
_CALLERS = 5


def refused_token(tour: Tour) -> None:
    """A 401 on a token that should be good for an hour."""
    # The token that the refresh brings is the one that expires in the next step.
    tour.standins.set_access_token_lifetime(_SHORT_SECONDS)
    count = tour.standins.invalidate_access_tokens(ADA)
    tour.say.text(f"At the stand-in, Ada's {count} access tokens are made worthless; Portway is not told.")
    before, seen = tour.refreshes(), tour.last_request("gmail")["id"]
    answer = tour.execute("gmail", "list-messages", {"max_results": 1})
    statuses = [request["status"] for request in tour.standins.requests("gmail", after=seen)]
    refreshes = tour.refreshes() - before
    check(statuses == [401, 200], f"the service answered {statuses}")
    check(refreshes == 1, f"there were {refreshes} refreshes")
    check(answer["meta"]["refreshed"] is True, "meta.refreshed is not true")
    check(answer["meta"]["attempts"] == 2, f"meta.attempts is {answer['meta']['attempts']}")
    tour.say.proved("Gmail answered 401, one refresh, then 200; the caller saw the second only.")


def expired_token(tour: Tour) -> None:
    """Several callers at once, with a token that has expired."""
    time.sleep(_SHORT_SECONDS + 0.1)
    tour.standins.set_access_token_lifetime(_USUAL_SECONDS)
    tour.say.text(f"That token lived for {_SHORT_SECONDS} seconds only. Now {_CALLERS} callers want it:")
    before, seen = tour.refreshes(), tour.last_request("gmail")["id"]
    mark = tour.standins.events()[-1]["id"]
    body = tour.execution("gmail", "list-messages", {"max_results": 1})

    def call(_: int) -> Answer:
        return tour.api.call("POST", "/api/v2/execute", body)

    tour.say.request("POST", f"/api/v2/execute   {_CALLERS} times at once", body)
    with ThreadPoolExecutor(_CALLERS) as callers:
        answers = list(callers.map(call, range(_CALLERS)))
    refreshed = [answer for answer in answers if answer.body["meta"]["refreshed"]]
    check(refreshed, "no answer has meta.refreshed")
    tour.say.answer(refreshed[0].phrase, refreshed[0].body)
    tour.audit(refreshed[0].body["execution_id"])
    grants = [
        event
        for event in tour.standins.events(after=mark)
        if event["type"] == "grant.success" and event["grant_type"] == "refresh_token"
    ]
    statuses = [request["status"] for request in tour.standins.requests("gmail", after=seen)]
    refreshes = tour.refreshes() - before
    check(refreshes == len(grants) == 1, f"there were {refreshes} refreshes, {len(grants)} of them granted")
    event = {name: grants[0][name] for name in ("at", "type", "grant_type", "account")}
    tour.say.answer("the authorization server's own event", event)
    check(statuses == [200] * _CALLERS, f"the service answered {statuses}")
    tour.say.proved(
        f"One refresh for {_CALLERS} callers in {WORKERS} processes; Gmail never saw the expired token."
    )
