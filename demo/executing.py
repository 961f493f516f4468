"""Steps: mail, files, tables, messages, and a call that is refused."""

import base64
import hashlib
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from demo.api import StepFailedError, check
from demo.documents import pdf
from demo.tour import GRACE, Tour

SUBJECT = "Grüße aus Zürich: 月報 ✓"
FILENAME = "report.pdf"
FILE_TITLE = "Übersicht März.pdf"


def send_mail(tour: Tour) -> None:
    """A mail with an attachment, and back."""
    document = pdf()
    sent = tour.execute(
        "gmail",
        "send-email",
        {
            "to": [f"Grace Hopper <{GRACE}>"],
            "subject": SUBJECT,
            "text": "See the attachment.",
            "html": "<p>See the <b>attachment</b>.</p>",
            "attachments": [
                {"filename": FILENAME, "content_base64": base64.b64encode(document).decode("ascii")}
            ],
        },
    )
    tour.say.text("And read back from the service, as it keeps it:")
    kept = tour.execute("gmail", "get-message", {"id": sent["data"]["id"], "format": "raw"})
    mail = message_from_bytes(base64.urlsafe_b64decode(kept["data"]["raw"] + "=="), policy=policy.default)
    check(isinstance(mail, EmailMessage), "what the service keeps is no mail")
    check(mail["Subject"] == SUBJECT, f"the subject arrived as {mail['Subject']!r}")
    arrived = _attachment(mail)
    check(arrived == document, f"the attachment arrived with {len(arrived)} bytes, altered")
    tour.say.proved(
        f"Subject “{mail['Subject']}”, attachment “{FILENAME}”: {len(arrived):,} bytes arrived, each as sent."
    )
    tour.say.table([("SHA-256", hashlib.sha256(document).hexdigest())])


def _attachment(mail: Any) -> bytes:
    for part in mail.iter_attachments():
        if part.get_filename() == FILENAME:
            content: bytes = part.get_content()
            return content
    raise StepFailedError("the mail arrived without its attachment")


def upload_file(tour: Tour) -> None:
    """A file, uploaded and looked up."""
    document = pdf()
    file = tour.execute(
        "google-drive",
        "upload-file",
        {"name": FILE_TITLE, "content_base64": base64.b64encode(document).decode("ascii")},
    )["data"]
    check(int(file["size"]) == len(document), f"the file has {file['size']} bytes, not {len(document)}")
    tour.say.text("And downloaded again:")
    kept = tour.execute("google-drive", "download-file", {"file_id": file["id"]})["data"]
    check(base64.b64decode(kept["base64"]) == document, "the file came back altered")
    tour.say.proved(
        f"“{file['name']}”, {kept['content_type']}: {kept['size']:,} bytes came back as they went."
    )


def write_cells(tour: Tour) -> None:
    """A flat list, which the service would refuse."""
    tour.execute(
        "google-sheets",
        "update-values",
        {"spreadsheet_id": "demo", "range": "Sheet1!A1:C1", "values": [1, 2, 3]},
    )
    arrived = tour.last_request("sheets")
    check(arrived["json"] == {"values": [[1, 2, 3]]}, f"the service got {arrived['json']}")
    tour.say.answer("what reached the service", {name: arrived[name] for name in ("method", "path", "json")})
    tour.say.proved("[1, 2, 3] arrived as [[1, 2, 3]], which is what Sheets asks for.")


def post_message(tour: Tour) -> None:
    """A message to a channel."""
    text = "The monthly report is on its way to Grace ✓"
    posted = tour.execute("slack", "send-message", {"channel": "general", "text": text})["data"]
    check(posted["message"]["text"] == text, f"the channel shows {posted['message']['text']!r}")
    tour.say.proved("The channel shows it.")


def refuse(tour: Tour) -> None:
    """Parameters that the action's JSON Schema does not allow."""
    before = len(tour.standins.requests("gmail"))
    problem = tour.execute(
        "gmail",
        "send-email",
        {"to": [42], "subject": "No", "attachments": [{"filename": "report.pdf"}], "cced": GRACE},
        expect=422,
    )
    pointers = sorted(fault["pointer"] for fault in problem["errors"])
    check(problem["code"] == "invalid_parameters", f"the code is {problem['code']}")
    check("/parameters/to/0" in pointers, f"the pointers are {pointers}")
    check(len(tour.standins.requests("gmail")) == before, "the service was called all the same")
    tour.say.proved(
        f"Every fault has its place: {', '.join(pointers)}. Gmail was not called; the audit row is there."
    )
