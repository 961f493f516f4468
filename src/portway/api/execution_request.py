"""From the bytes of a request to what is to be executed."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from starlette.types import Receive

from portway.api.file_parameters import place_files
from portway.api.request_body import whole_body
from portway.api.routing import parse_json
from portway.api.spool import Spool
from portway.api.upload import read_upload
from portway.application.execute_action import ExecutionRequest
from portway.application.requests.files import UploadedFile
from portway.domain.action import MAX_TIMEOUT_MS
from portway.domain.errors import Fault, MalformedRequest

HEADERS = frozenset({b"content-type", b"idempotency-key", b"accept"})
"""What is read of the header."""

_IDEMPOTENCY_KEY = re.compile(rb"[\x21-\x7e]{1,255}")
_JSON = b"application/json"
_MULTIPART = b"multipart/form-data"
_BYTES = b"application/octet-stream"


class Paginate(msgspec.Struct, forbid_unknown_fields=True):
    """How far to follow an action's pages."""

    max_pages: int


class ExecuteInput(msgspec.Struct, forbid_unknown_fields=True):
    """The body."""

    workspace_id: UUID
    connection_id: UUID
    action: str
    parameters: dict[str, Any] = {}
    timeout_ms: int | None = None
    paginate: Paginate | None = None


async def read_request(
    fields: Mapping[bytes, bytes], receive: Receive, spools: list[Spool]
) -> ExecutionRequest:
    """What a caller asks for. Uploaded files are in what is added to `spools`, until that is closed.

    Raises MalformedRequest, PayloadTooLarge, Unavailable.
    """
    key = fields.get(b"idempotency-key")
    if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
        raise MalformedRequest("Idempotency-Key must be 1 to 255 visible ASCII characters.")
    media_type = _media_type(fields.get(b"content-type", _JSON))
    if media_type == _MULTIPART:
        spool = Spool()
        spools.append(spool)
        upload = await read_upload(receive, fields[b"content-type"], spool, with_digest=key is not None)
        return _request(fields, key, upload.request, upload.digest, upload.files)
    if media_type != _JSON and not media_type.endswith(b"+json"):
        raise MalformedRequest(
            "Send the body as JSON, with `Content-Type: application/json`, or with files as `multipart/form-data`."
        )
    body = await whole_body(receive)
    return _request(fields, key, body, hashlib.sha256(body).digest() if key else b"")


def is_upload(fields: Mapping[bytes, bytes]) -> bool:
    """Whether files come beside the JSON."""
    return _media_type(fields.get(b"content-type", _JSON)) == _MULTIPART


def _media_type(value: bytes) -> bytes:
    return value if value == _JSON else value.partition(b";")[0].strip().lower()


def _request(
    fields: Mapping[bytes, bytes],
    key: bytes | None,
    body: bytes,
    digest: bytes,
    files: Sequence[tuple[str, UploadedFile]] = (),
) -> ExecutionRequest:
    try:
        read = msgspec.convert(parse_json(body), ExecuteInput)
    except msgspec.ValidationError as error:
        raise _malformed(str(error)) from None
    if read.timeout_ms is not None and not 1 <= read.timeout_ms <= MAX_TIMEOUT_MS:
        raise MalformedRequest(faults=[Fault("/timeout_ms", f"must be from 1 to {MAX_TIMEOUT_MS}.")])
    if read.paginate is not None and not 1 <= read.paginate.max_pages <= 1000:
        raise MalformedRequest(faults=[Fault("/paginate/max_pages", "must be from 1 to 1000.")])
    if files:
        place_files(read.parameters, files)
    return ExecutionRequest(
        workspace_id=read.workspace_id,
        connection_id=read.connection_id,
        action=read.action,
        parameters=read.parameters,
        timeout_ms=read.timeout_ms,
        idempotency_key=key.decode("ascii") if key else None,
        request_hash=digest,
        max_pages=read.paginate.max_pages if read.paginate else None,
        raw=b"accept" in fields and _media_type(fields[b"accept"]) == _BYTES,
    )


def _malformed(message: str) -> MalformedRequest:
    """Msgspec says where as `$.a.b[0]`, at the end of its message."""
    what, _, where = message.partition(" - at `$")
    pointer = where.rstrip("`").replace("[...]", "/*").replace(".", "/").replace("[", "/").replace("]", "")
    return MalformedRequest(faults=[Fault(pointer, f"{what}.")])
