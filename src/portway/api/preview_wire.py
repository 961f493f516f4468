"""Previews of requests on the wire."""

from pydantic import Field

from portway.api.definition_wire import ActionSlug, JsonObjectInput, NewActionInput
from portway.api.wire import Input, Name, Output


class PreviewInput(Input):
    """What to show a request for."""

    parameters: JsonObjectInput = Field(default_factory=dict)
    config: JsonObjectInput = Field(
        default_factory=dict, description="The connection's own values that `base_url` and headers name"
    )


class DraftActionInput(NewActionInput):
    """An action that is not stored (yet)."""

    slug: ActionSlug = "draft"
    name: Name = "Draft"


class DraftPreviewInput(PreviewInput):
    """What to show a request for, and of which action."""

    action: DraftActionInput


class PreviewedRequestOutput(Output):
    """A request as it would be sent."""

    method: str
    url: str
    headers: dict[str, str]
    body: str | None = Field(description="As text, where it is UTF-8")
    body_base64: str | None = Field(description="Else in base64")


class PreviewOutput(Output):
    """The first request of the action."""

    request: PreviewedRequestOutput | None = Field(
        description="null for an action that speaks another protocol than HTTP"
    )
    curl: str | None = Field(
        description="The same as a command for a POSIX shell; `CREDENTIAL` stands where the credential would be"
    )
