"""Steps: an API key, an integration that is added by SQL, and the audit log as a whole."""

import json
import time

from demo.api import Api, check
from demo.rows import INSERT_ACTION, INSERT_INTEGRATION, insert, slack_api
from demo.tour import Tour

LIVE_WITHIN_SECONDS = 1.0


def use_api_key(tour: Tour) -> None:
    """A key for programs, with two scopes."""
    wanted = {"name": "demo", "workspace_id": tour.workspace_id, "scopes": ["execute", "logs:read"]}
    shown = ("id", "prefix", "scopes", "expires_at", "api_key")
    made = tour.call("POST", "/api/v2/api-keys", wanted, expect=201, shown=shown).body
    tour.api_key = made["api_key"]
    program = Api(tour.api.url)
    program.bearer = tour.api_key
    body = tour.execution("slack", "send-message", {"channel": "general", "text": "Sent with an API key"})
    tour.say.request("POST", "/api/v2/execute   with the key", body)
    answer = program.call("POST", "/api/v2/execute", body)
    tour.say.answer(answer.phrase, answer.body)
    tour.audit(answer.body["execution_id"])
    program.call("GET", f"/api/v2/connections/{tour.connections['slack']}", expect=403)
    tour.say.proved("The key executes. Reading connections is not among its scopes, and answers 403.")


def insert_rows(tour: Tour) -> None:
    """Two statements while the gateway runs."""
    base_url = slack_api(tour.standins.addresses)
    tour.say.sql(INSERT_INTEGRATION.replace("%(base_url)s", f"'{base_url}'"))
    tour.say.sql(INSERT_ACTION)
    insert(tour.admin_url, INSERT_INTEGRATION, INSERT_ACTION, base_url=base_url)
    start = time.monotonic()
    connection = tour.call(
        "POST",
        "/api/v2/connections",
        {
            "workspace_id": tour.workspace_id,
            "integration": "team-chat",
            "name": "Team chat",
            "credentials": {"token": tour.standins.credentials.slack_token},
        },
        expect=201,
        shown=("id", "integration", "status", "origins"),
    ).body
    tour.connections["team-chat"] = connection["id"]
    answer = tour.execute("team-chat", "post", {"channel": "general", "text": "From a row of four columns"})
    seconds = time.monotonic() - start
    check(answer["data"]["ok"] is True, f"the service answered {answer['data']}")
    check(seconds < LIVE_WITHIN_SECONDS, f"it took {seconds:.2f} seconds")
    tour.say.proved(
        f"Inserted, connected and executed within {seconds * 1000:.0f} ms; nothing was restarted."
    )


def look_at_the_log(tour: Tour) -> None:
    """All rows, and no secret in any."""
    rows = tour.api.call("GET", "/api/v2/logs?limit=200").body["data"]
    details = [tour.api.call("GET", f"/api/v2/logs/{row['id']}").body for row in rows]
    tour.say.request("GET", "/api/v2/logs")
    tour.say.table(
        [
            (
                detail["executed_at"][11:23],
                str(detail["integration"]),
                str(detail["action"]),
                detail["status"],
                str(detail["status_code"] or "-"),
                f"{detail['duration_ms']:.1f} ms",
            )
            for detail in reversed(details)
        ]
    )
    text = json.dumps(details, ensure_ascii=False)
    found = [secret for secret in tour.say.hidden | {tour.api_key} if secret in text]
    check(not found, f"{len(found)} secrets of this run are in the audit log")
    check(all(detail["status"] != "started" for detail in details), "a row was left open")
    tour.say.proved(
        f"{len(rows)} executions, {len(rows)} complete audit rows, and no secret of this run in any."
    )
