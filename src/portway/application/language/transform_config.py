"""`transform_config`: how an action's parameters become a request, and its response `data`.

An action has one, and so has its integration, for what holds for all of its actions: see `action_config`.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from portway.domain.operation import Operation

Style = Literal[
    "form", "spaceDelimited", "pipeDelimited", "deepObject", "brackets", "simple", "label", "matrix", "json"
]
Expression = Annotated[str, Meta(min_length=1, max_length=2000, description="A JMESPath expression")]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Bytes = Annotated[int, Meta(ge=1, le=100 * 1024 * 1024)]
Status = Annotated[int, Meta(ge=400, le=599)]
Milliseconds = Annotated[int, Meta(ge=0, le=300_000)]


class _Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all parts of the document. What it does not know, it refuses: a slip of the pen is no member."""


class Location(_Member, frozen=True, rename={"place": "in"}):
    """Where one parameter goes, and how it is written there (the vocabulary of OpenAPI 3.1, section 4.8.12).

    `name` is the parameter's name at the service, where it is another one. `style` and `explode` write arrays and
    objects; `allow_reserved` leaves `:/?#[]@!$&'()*+,;=` of RFC 3986 in a query value as they are, but for `&`, `#`
    and `+`, which would end or change it. `content_type` is that of a multipart part.
    """

    place: Literal["path", "query", "header", "cookie", "body"]
    name: Name | None = None
    style: Style | None = None
    explode: bool | None = None
    allow_reserved: bool = False
    content_type: Name | None = None


class QueryDefaults(_Member, frozen=True):
    """How query parameters are written that have no style of their own."""

    style: Literal["form", "spaceDelimited", "pipeDelimited", "deepObject", "brackets", "json"] = "form"
    explode: bool | None = None


class JsonBody(_Member, frozen=True, tag_field="encoding", tag="json"):
    """An object of the body parameters; with `parameter`, the value of that one alone."""

    parameter: Name | None = None
    content_type: Name = "application/json"


class FormBody(_Member, frozen=True, tag_field="encoding", tag="form"):
    """`application/x-www-form-urlencoded`. `style` and `explode` as in a query; `deepObject` and `brackets` nest."""

    style: Literal["form", "spaceDelimited", "pipeDelimited", "deepObject", "brackets", "json"] = "form"
    explode: bool | None = None


class MultipartBody(_Member, frozen=True, tag_field="encoding", tag="multipart"):
    """`multipart/form-data` (RFC 7578): a part for each body parameter. Those in `files` are files."""

    files: tuple[Name, ...] = ()


class MultipartRelatedBody(_Member, frozen=True, tag_field="encoding", tag="multipart_related"):
    """`multipart/related` (RFC 2387): the body parameters as JSON, then the parameter `file` as a file."""

    file: Name


class RawBody(_Member, frozen=True, tag_field="encoding", tag="raw"):
    """The file in the parameter `file`, as it is. `content_type` is sent where the file does not bring its own."""

    file: Name
    content_type: Name = "application/octet-stream"


class XmlBody(_Member, frozen=True, tag_field="encoding", tag="xml"):
    """The body parameters as elements under `root`: a list repeats its element, `@name` is an attribute, `#text` the
    text beside attributes.
    """

    root: Name
    attributes: dict[str, str] = {}
    content_type: Name = "application/xml"


class GraphqlBody(_Member, frozen=True, tag_field="encoding", tag="graphql"):
    """A GraphQL request (GraphQL over HTTP): the body parameters are the variables of `query`."""

    query: Annotated[str, Meta(min_length=1, max_length=100_000)]
    operation_name: Name | None = None


class NoBody(_Member, frozen=True, tag_field="encoding", tag="none"):
    """No body, whatever the method."""


Body = JsonBody | FormBody | MultipartBody | MultipartRelatedBody | RawBody | XmlBody | GraphqlBody | NoBody


class Response(_Member, frozen=True):
    """How the answer is read.

    `error`: true (as JMESPath takes it: not null, false or empty) for an answer with a good status that is an error all
    the same, such as "ok == `false`". `message` finds the service's own words in an error's body. `data` maps the body
    of a success. `format`: `xml` parses it, `text` and `binary` keep it from being parsed. A body of more than
    `max_bytes`, decoded, is refused, unless it is streamed.
    """

    data: Expression | None = None
    error: Expression | None = None
    message: Expression | None = None
    format: Literal["auto", "json", "xml", "text", "binary"] = "auto"
    max_bytes: Bytes = 25 * 1024 * 1024


class _Pages(_Member, frozen=True, tag_field="type", kw_only=True):
    """`items` finds the list of a page in its body; by default the body is that list."""

    items: Expression | None = None


class CursorPages(_Pages, frozen=True, kw_only=True, tag="cursor"):
    """`cursor` finds the next page's cursor in the body, and `parameter` takes it. The last page has none, or an empty
    one; `more`, where it is given, says by itself whether there is another.
    """

    cursor: Expression
    parameter: Name
    more: Expression | None = None


class PageNumberPages(_Pages, frozen=True, kw_only=True, tag="page"):
    """`parameter` takes the page's number, from `first` on. The last page has no items, or fewer than `size_parameter`
    asks for, where the caller gives that; `more` or `last` (the last page's number) say so by themselves.
    """

    parameter: Name
    first: int = 1
    size_parameter: Name | None = None
    more: Expression | None = None
    last: Expression | None = None


class OffsetPages(_Pages, frozen=True, kw_only=True, tag="offset"):
    """`parameter` takes the number of items to pass over. The end is found as with page numbers; `total` says how many
    items there are.
    """

    parameter: Name
    size_parameter: Name | None = None
    more: Expression | None = None
    total: Expression | None = None


class LinkHeaderPages(_Pages, frozen=True, tag="link_header"):
    """The next page is the `Link` header's target with `rel="next"` (RFC 8288)."""


class NextUrlPages(_Pages, frozen=True, kw_only=True, tag="next_url"):
    """`url` finds the next page's URL in the body: whole, or relative to that of this page."""

    url: Expression


Pagination = CursorPages | PageNumberPages | OffsetPages | LinkHeaderPages | NextUrlPages


class Retry(_Member, frozen=True):
    """When a request is sent again: after one of `statuses`, and where no connection came about.

    Only where that is safe: for GET, HEAD, OPTIONS, PUT and DELETE (RFC 9110, section 9.2.2), for an action that says
    it is `idempotent`, and where `idempotency_header` tells the service that it is the same request. A Retry-After is
    obeyed where it fits into the execution's time; else the waits double from `first_delay_ms`, with jitter.
    """

    max_attempts: Annotated[int, Meta(ge=1, le=10)] = 3
    statuses: tuple[Status, ...] = (429, 502, 503, 504)
    first_delay_ms: Milliseconds = 500
    max_delay_ms: Milliseconds = 20_000
    idempotent: bool = False
    idempotency_header: Name | None = None


class TransformConfig(_Member, frozen=True):
    """The document of an action.

    `parameters`: operations, applied in order. `locations`: where a parameter goes, by the name that it has then; the
    rest is placed by `endpoint_path` and the method. `headers` are sent as they are; `{name}` in them takes a value of
    the connection's `config`.
    """

    parameters: Annotated[tuple[Operation, ...], Meta(max_length=200)] = ()
    locations: dict[str, Literal["path", "query", "header", "cookie", "body"] | Location] = {}
    query: QueryDefaults = QueryDefaults()
    headers: dict[str, str] = {}
    body: Body = JsonBody()
    response: Response = Response()
    pagination: Pagination | None = None
    retry: Retry = Retry()


class IntegrationTransformConfig(_Member, frozen=True):
    """The document of an integration: what its actions say unless they say otherwise.

    An action's `query`, `body`, `response` and `retry` change these member by member, its `headers` name by name; a
    `body` of another encoding replaces this one.
    """

    query: QueryDefaults = QueryDefaults()
    headers: dict[str, str] = {}
    body: Body = JsonBody()
    response: Response = Response()
    retry: Retry = Retry()


class RateLimit(_Member, frozen=True):
    """At most `requests` in any `per_seconds` seconds, counted for each connection, or for all connections that an
    organization has to the integration.
    """

    requests: Annotated[int, Meta(ge=1, le=1_000_000)]
    per_seconds: Annotated[int, Meta(ge=1, le=86_400)]
    per: Literal["connection", "organization"] = "connection"


RateLimits = Annotated[tuple[RateLimit, ...], Meta(max_length=10)]
JsonDocument = dict[str, Any]
