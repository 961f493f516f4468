"""The service's own words in the body of an error."""

from portway.application.language.expression import compiled
from portway.domain.json_value import JsonValue

MAX_LENGTH = 500

# Where services put them, the most telling first: a text beside a code says more than the code. RFC 9457, RFC 6749
# (section 5.2), JSON:API, GraphQL, Google, OData, SCIM, SOAP.
_USUAL = (
    "error.message",
    "error.error_user_msg",
    "error.detail",
    "error_description",
    "errors[0].message",
    "errors[0].detail",
    "errors[0].title",
    "message",
    "detail",
    "error_message",
    "errorMessage",
    "description",
    "title",
    "Message",
    "Error.Message",
    "Fault.faultstring",
    "errors[0]",
    "error",
)


def error_message(body: JsonValue, expression: str | None = None) -> str | None:
    """The words, on one line and cut to MAX_LENGTH characters; None where there are none.

    `expression` is where the row says that they are; the usual places come after it.
    """
    for place in (expression, *_USUAL) if expression else _USUAL:
        found = compiled(place, "response.message").find(body)
        if isinstance(found, int | float) and not isinstance(found, bool):
            found = str(found)
        if isinstance(found, str) and (words := " ".join(found.split())):
            return words if len(words) <= MAX_LENGTH else f"{words[: MAX_LENGTH - 1]}…"
    return None
