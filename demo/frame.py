"""What stands around the steps: starting, serving on, and explaining a failure."""

import contextlib
import json
import time
import traceback

import psycopg

from demo.api import StepFailedError
from demo.browser import BrowserError
from demo.gateway import WORKERS, preferred_port
from demo.narrator import Narrator
from demo.standins import ROOT, Addresses, StandInError
from demo.tour import ADA, Tour

_UNDERSTOOD = (StepFailedError, StandInError, BrowserError, psycopg.Error)


def start(tour: Tour, started: contextlib.ExitStack) -> None:
    """Starts the gateway and the stand-ins side by side, and says who is who."""
    say, credentials = tour.say, tour.standins.credentials
    say.hide(
        tour.password,
        credentials.client_secret,
        credentials.slack_client_secret,
        credentials.slack_token,
        credentials.control_token,
    )
    say.step("Start everything")
    begin = time.monotonic()
    # The gateway takes longer; whatever has started by then is stopped in the end.
    started.callback(tour.gateway.stop)
    tour.gateway.start()
    started.callback(tour.standins.stop)
    tour.standins.start()
    say.text("Google and Slack are played by stand-ins on this machine, servers written by others:")
    say.table(_cast(tour.standins.addresses))
    say.text(
        "In front of each service stands a small guard of ours, which checks tokens as the service would and counts "
        "requests. Portway, PostgreSQL, and every request between them and the stand-ins are real."
    )
    tour.gateway.wait_until_ready()
    if preferred_port() not in (0, tour.gateway.port):
        say.text(f"Port {preferred_port()} is taken, so another one is used.")
    say.proved(
        f"`portway up` serves {tour.api.url}: {WORKERS} processes and a PostgreSQL of its own, after "
        f"{time.monotonic() - begin:.1f} seconds."
    )


def _cast(addresses: Addresses) -> list[tuple[str, str, str]]:
    def version(package: str) -> str:
        found = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["dependencies"][package]
        return str(found)

    emulate = f"emulate {version('emulate')} by Vercel Labs"
    prism = (
        f"Prism {version('@stoplight/prism-http')} by Stoplight, on the shape in Google's Discovery document"
    )
    return [
        (
            "Google sign-in",
            f"oidc-provider {version('oidc-provider')} by Filip Skokan, a certified server",
            addresses.issuer,
        ),
        ("Gmail", emulate, addresses.gmail_base_url),
        ("Google Drive", emulate, addresses.drive_base_url),
        ("Google Sheets", prism, addresses.sheets_base_url),
        ("Slack", emulate, addresses.slack_base_url),
    ]


def serve(tour: Tour) -> None:
    """Says where, and keeps serving until a signal. Raises StepFailedError where the gateway ends by itself."""
    say, url = tour.say, tour.api.url
    say.title("Portway goes on serving.")
    say.show(tour.password)
    say.table(
        [
            ("Console", f"{url}/ (sign in as {ADA} with the password {tour.password})"),
            ("API", f"{url}/api/v2"),
            ("Reference", f"{url}/docs"),
            ("API key", tour.api_key),
            ("Workspace", tour.workspace_id),
            ("Slack", f"connection {tour.connections['slack']}"),
            ("Log", f"portway logs --follow --data-dir {tour.gateway.data_dir}"),
            ("SQL", f'psql "$(portway db url --admin --data-dir {tour.gateway.data_dir})"'),
            ("Stop", "Ctrl-C; nothing stays behind"),
        ]
    )
    body = json.dumps(tour.execution("slack", "send-message", {"channel": "general", "text": "Hello"}))
    say.text("A call to begin with:")
    say.code(
        f"curl {url}/api/v2/execute -H 'Authorization: Bearer {tour.api_key}' \\\n"
        f"  -H 'Content-Type: application/json' \\\n  -d '{body}'"
    )
    while tour.gateway.running:
        time.sleep(0.5)
    raise StepFailedError("`portway up` has ended by itself; its log below says why")


def explain(say: Narrator, error: Exception, tour: Tour | None) -> None:
    """What failed, and what the programs said last, where there are any."""
    if isinstance(error, _UNDERSTOOD):
        say.failed(str(error))
    else:
        say.failed(f"The tour did not expect this: {error!r}")
        say.excerpt("Where it happened", "".join(traceback.format_exception(error)))
    if tour is not None:
        say.excerpt("The end of the gateway's log", tour.gateway.log())
        say.excerpt("The end of the stand-ins' log", tour.standins.log())
