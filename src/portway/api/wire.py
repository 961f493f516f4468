"""Shapes that several routes share on the wire."""

import re
from typing import Annotated, Any, Generic, TypeVar

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from portway.domain.rules.passwords import MAX_LENGTH, MIN_LENGTH

T = TypeVar("T")

_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d")

# `.local`, `.test` and their like: a house may use them for its own mail.
SPECIAL_USE_DOMAIN_NAMES.clear()


def _address(value: str) -> str:
    try:
        # No look-up in the DNS, and a company's own domain need not be one that the whole world knows.
        return validate_email(
            value, check_deliverability=False, globally_deliverable=False
        ).normalized.lower()
    except EmailNotValidError as error:
        raise PydanticCustomError("email", "This is not an e-mail address") from error


EmailAddress = Annotated[
    str,
    StringConstraints(max_length=320),
    AfterValidator(_address),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": 320}),
]
"""An e-mail address in lower case."""

NewPassword = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_LENGTH),
    # The least length is counted after normalization, by the rule itself.
    WithJsonSchema({"type": "string", "minLength": MIN_LENGTH, "maxLength": MAX_LENGTH}),
]
"""A password to set."""

Secret = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
"""A password or a token."""

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
"""What people call a thing: 1 to 200 characters, not only white space."""


def _check_written(value: object) -> object:
    # Pydantic would take a number for the seconds since 1970.
    if not isinstance(value, str) or not _TIME.match(value):
        raise PydanticCustomError(
            "time", "Must be a time as RFC 3339 writes it, such as 2026-01-31T12:00:00Z"
        )
    return value


Time = Annotated[AwareDatetime, BeforeValidator(_check_written)]
"""A moment in a request."""


class Input(BaseModel):
    """Base of request bodies: an unknown member is a mistake, and said to be one."""

    model_config = ConfigDict(extra="forbid")


class Output(BaseModel):
    """Base of answers, made from the domain's own entities."""

    model_config = ConfigDict(from_attributes=True)


class Page(BaseModel, Generic[T]):
    """A part of a list. `next_cursor` is null on the last page."""

    data: list[T]
    next_cursor: str | None


class FaultOutput(BaseModel):
    """One thing wrong in the request."""

    pointer: str = Field(
        description="Where in the body, as a JSON Pointer; `/query/...`, `/path/...`, `/header/...` for the rest"
    )
    message: str


class UpstreamOutput(BaseModel):
    """What the service itself answered."""

    status_code: int
    body: Any
    headers: dict[str, str]


class StepsOutput(BaseModel):
    """Of an action of several steps: which were done before the one that failed."""

    done: list[str]
    failed: str


class ProblemOutput(BaseModel):
    """An error, as RFC 9457 writes it. Programs look at `code`, people read `detail`."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    execution_id: str | None = None
    errors: list[FaultOutput] | None = None
    upstream: UpstreamOutput | None = None
    authorize_url: str | None = None
    steps: StepsOutput | None = None
