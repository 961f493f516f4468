"""Bodies, each in the encoding that the row names."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from portway.application.language.transform_config import (
    Body,
    FormBody,
    GraphqlBody,
    JsonBody,
    Location,
    MultipartBody,
    MultipartRelatedBody,
    RawBody,
    XmlBody,
)
from portway.application.ports.http import StreamedBody
from portway.application.requests.faults import Faults
from portway.application.requests.files import File, read_file
from portway.application.requests.multipart import Part, form_data, related
from portway.application.requests.named_pairs import NamedPairs
from portway.application.requests.parameter_styles import encode_form, joined, members
from portway.application.requests.request_plan import RequestPlan
from portway.application.requests.scalar_text import RefusedError, json_bytes, text_of, unicode_of
from portway.application.requests.xml_document import xml_document
from portway.domain.errors import InvalidParameters
from portway.domain.json_value import JsonValue


@dataclass(slots=True)
class BodyParameters:
    """What goes into a body, by the parameters' own names."""

    values: dict[str, JsonValue] = field(repr=False)
    plan: RequestPlan
    faults: Faults

    def location(self, name: str) -> Location:
        """How the row wants a parameter written."""
        return self.plan.location(name)

    def service_name(self, name: str) -> str:
        """What the service calls a parameter."""
        return self.plan.renames.get(name, name)

    def named(self, *without: str) -> dict[str, JsonValue]:
        """The values by the names that the service has for them."""
        if not self.plan.renames and not without:
            return self.values
        named: dict[str, JsonValue] = {}
        for name, value in self.values.items():
            if name in without:
                continue
            if (service_name := self.service_name(name)) in named:
                self.faults.refuse(name, "would be sent under the same name as another parameter")
            named[service_name] = value
        return named

    def document(self, encode: Callable[[dict[str, JsonValue]], bytes], *without: str) -> bytes:
        """The values encoded together; what is refused is told of each that is to blame."""
        named = self.named(*without)
        try:
            return encode(named)
        except RefusedError as refused:
            self._blame(encode, without, refused.reason)
        return b""

    def _blame(
        self, encode: Callable[[dict[str, JsonValue]], bytes], without: tuple[str, ...], reason: str
    ) -> None:
        for name, value in self.values.items():
            try:
                if name not in without:
                    encode({self.service_name(name): value})
            except RefusedError as refused:
                self.faults.refuse(name, refused.reason)
        if not self.faults.found:
            self.faults.refuse_all(reason)

    def refuse_others(self, only: str) -> None:
        """All but one, which is the whole body."""
        for name in self.values:
            if name != only:
                self.faults.refuse(name, f"has no place in the request, whose body is {only!r} alone")

    def required_file(self, name: str) -> File | None:
        """The file in a parameter; None with a fault where there is none."""
        if self.values.get(name) is None:
            self.faults.refuse(name, "is required, it is the file to send")
            return None
        try:
            return read_file(self.values[name], "")
        except InvalidParameters as invalid:
            self.faults.add(invalid, name)
            return None


@dataclass(frozen=True, slots=True)
class EncodedBody:
    """A body with its Content-Type."""

    content_type: str
    content: bytes | StreamedBody = field(repr=False)


def encode_body(body: Body, parameters: BodyParameters) -> EncodedBody | None:
    """The body; None for no body at all. What does not fit is among the parameters' faults then."""
    encode = _ENCODERS.get(type(body))
    return None if encode is None else encode(body, parameters)


def _json(body: JsonBody, parameters: BodyParameters) -> EncodedBody | None:
    if body.parameter is None:
        return EncodedBody(body.content_type, parameters.document(json_bytes))
    parameters.refuse_others(body.parameter)
    if body.parameter not in parameters.values:
        return None
    try:
        return EncodedBody(body.content_type, json_bytes(parameters.values[body.parameter]))
    except RefusedError as refused:
        parameters.faults.refuse(body.parameter, refused.reason)
        return None


def _form(body: FormBody, parameters: BodyParameters) -> EncodedBody | None:
    form = NamedPairs(encode_form)
    for name, value in parameters.values.items():
        try:
            form.add(parameters.service_name(name), value, parameters.location(name))
        except RefusedError as refused:
            parameters.faults.refuse(name, refused.reason)
    content = "&".join(form.written).encode("ascii")
    return EncodedBody("application/x-www-form-urlencoded", content) if content else None


def _multipart(body: MultipartBody, parameters: BodyParameters) -> EncodedBody:
    parts: list[Part] = []
    for name, value in parameters.values.items():
        try:
            service_name = unicode_of(parameters.service_name(name))
            if name in body.files:
                parts += _file_parts(name, service_name, value, parameters)
            else:
                parts += _parts(service_name, value, parameters.location(name))
        except RefusedError as refused:
            parameters.faults.refuse(name, refused.reason)
    return EncodedBody(*form_data(parts))


def _file_parts(name: str, service_name: str, value: JsonValue, parameters: BodyParameters) -> Iterator[Part]:
    """A part for the file, or for each in a list."""
    kind = parameters.location(name).content_type
    files = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
    for index, item in files:
        if item is not None:
            path = () if index is None else (index,)
            try:
                file = read_file(item, "")
            except InvalidParameters as invalid:
                parameters.faults.add(invalid, name, *path)
                continue
            yield Part(
                service_name,
                file.content,
                filename=unicode_of(file.filename or service_name),
                content_type=kind or file.content_type or file.default_type,
            )


def _parts(name: str, value: JsonValue, location: Location) -> Iterator[Part]:
    """A text part for a scalar, a JSON part for an object, and for a list a part for each of its items."""
    kind = location.content_type
    if value is None:
        return
    if location.style is not None:
        for member, separator, texts in members(name, value, location.style, location.explode):
            text = joined(separator, texts, str)
            yield Part(unicode_of(member), text.encode(), content_type=kind)
    elif kind is not None and "json" in kind:
        yield Part(name, json_bytes(value), content_type=kind)
    else:
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                yield Part(name, json_bytes(item), content_type=kind or "application/json")
            elif item is not None:
                yield Part(name, text_of(item).encode(), content_type=kind)


def _multipart_related(body: MultipartRelatedBody, parameters: BodyParameters) -> EncodedBody | None:
    file = parameters.required_file(body.file)
    metadata = parameters.document(json_bytes, body.file)
    if file is None:
        return None
    kind = parameters.location(body.file).content_type or file.content_type or file.default_type
    return EncodedBody(*related(metadata, kind, file.content))


def _raw(body: RawBody, parameters: BodyParameters) -> EncodedBody | None:
    parameters.refuse_others(body.file)
    file = parameters.required_file(body.file)
    return None if file is None else EncodedBody(file.content_type or body.content_type, file.content)


def _xml(body: XmlBody, parameters: BodyParameters) -> EncodedBody:
    def encode(named: dict[str, JsonValue]) -> bytes:
        return xml_document(body.root, body.attributes, named)

    return EncodedBody(body.content_type, parameters.document(encode))


def _graphql(body: GraphqlBody, parameters: BodyParameters) -> EncodedBody:
    def encode(variables: dict[str, JsonValue]) -> bytes:
        request: dict[str, JsonValue] = {"query": body.query, "variables": variables}
        if body.operation_name is not None:
            request["operationName"] = body.operation_name
        return json_bytes(request)

    return EncodedBody("application/json", parameters.document(encode))


_ENCODERS: dict[type, Callable[[Any, BodyParameters], EncodedBody | None]] = {
    JsonBody: _json,
    FormBody: _form,
    MultipartBody: _multipart,
    MultipartRelatedBody: _multipart_related,
    RawBody: _raw,
    XmlBody: _xml,
    GraphqlBody: _graphql,
}
