"""`make demo`: starts the gateway and the stand-ins, makes a tour of what Portway does, and keeps serving.

With DEMO_EXIT set it ends after the tour. DEMO_PORT is the port to serve on where it is free, by default 8000.
Exit status: 0, or 1 where a step failed, or 128 and the signal's number where a signal ended the tour.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from demo import connecting, executing, frame, programs, refreshing
from demo.api import Api
from demo.gateway import Gateway, choose_port
from demo.narrator import Narrator
from demo.rows import client_environment
from demo.standins import StandIns
from demo.tour import ADA, GRACE, Tour

CALLBACK_PATH = "/api/v2/oauth/callback"

STEPS: tuple[tuple[str, Callable[[Tour], None]], ...] = (
    ("Point the shipped integrations at the stand-ins", connecting.point_at_standins),
    ("Sign up", connecting.sign_up),
    ("Connect Gmail, through the OAuth redirect", connecting.connect_gmail),
    ("Connect Google Drive and Google Sheets in the same way", connecting.connect_drive_and_sheets),
    ("Connect Slack", connecting.connect_slack),
    ("Send a mail with an attachment, and read it back", executing.send_mail),
    ("Upload a file to Drive", executing.upload_file),
    ("Write cells to Sheets", executing.write_cells),
    ("Post to Slack", executing.post_message),
    ("A call that makes no sense is refused before it leaves", executing.refuse),
    ("The service refuses the token: one refresh, and again", refreshing.refused_token),
    ("The token expires: refreshed before it is used", refreshing.expired_token),
    ("An API key for a program", programs.use_api_key),
    ("A new integration, by SQL, while everything runs", programs.insert_rows),
    ("The audit log of it all", programs.look_at_the_log),
)


class _Ended(BaseException):
    """A signal asks us to end. Not an Exception: whoever deals with failures on the way does not mean it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def main() -> int:
    """Runs the demonstration; its exit status."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")
    say = Narrator(sys.stdout)
    _set_signals(_end)
    with contextlib.ExitStack() as started:
        try:
            return _run(say, started)
        except _Ended as end:
            say.failed("Ended by a signal; stopping everything.")
            return 128 + end.number
        except BrokenPipeError:
            # Nobody reads on; Python would complain once more when it ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        finally:
            # What was started is now stopped, which takes a moment and must not be cut off.
            _set_signals(signal.SIG_IGN)


def _run(say: Narrator, started: contextlib.ExitStack) -> int:
    tour: Tour | None = None
    begin = time.monotonic()
    say.title("Portway, a tour")
    try:
        tour = _prepare(say)
        frame.start(tour, started)
        for title, step in STEPS:
            say.step(title)
            step(tour)
        say.title(
            f"All {len(STEPS) + 1} steps went as they should, in {time.monotonic() - begin:.1f} seconds."
        )
        if os.environ.get("DEMO_EXIT", "0") not in {"", "0"}:
            say.text("Everything that was started is stopped now, and its data removed (DEMO_EXIT is set).")
            return 0
        with contextlib.suppress(_Ended):
            frame.serve(tour)
        say.title("Stopping everything.")
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is explained
        frame.explain(say, error, tour)
        return 1
    return 0


def _prepare(say: Narrator) -> Tour:
    port = choose_port()
    api = Api(f"http://127.0.0.1:{port}")
    standins = StandIns(redirect_uris=[f"{api.url}{CALLBACK_PATH}"], accounts=(ADA, GRACE))
    return Tour(say, api, Gateway(port, client_environment(standins.credentials)), standins)


def _end(number: int, _: FrameType | None) -> NoReturn:
    raise _Ended(number)


def _set_signals(handler: Callable[[int, FrameType | None], object] | signal.Handlers) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Whoever starts us with nohup means us to outlive the terminal.
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())
