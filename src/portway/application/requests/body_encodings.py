"""Bodies, each in the encoding that the row names."""

from collections.abc import Callable, Mapping
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
from portway.application.requests.files import File, read_file
from portway.application.requests.multipart import Part, form_data, related
from portway.application.requests.parameter_styles import encode_form, pairs
from portway.application.requests.scalar_text import RefusedError, json_of, text_of, unicode_of
from portway.application.requests.xml_document import xml_document
from portway.domain.json_value import JsonValue

_UNKNOWN_TYPE = "application/octet-stream"
_NO_LOCATION = Location("body")


class RefusedParameterError(Exception):
    """A parameter that the body cannot hold."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(reason)
        self.name = name
        self.reason = reason


@dataclass(frozen=True, slots=True)
class BodyParameters:
    """What goes into a body, by the parameters' own names.

    `locations` say more about some. `pointer` tells where the caller wrote one.
    """

    values: Mapping[str, JsonValue] = field(repr=False)
    locations: Mapping[str, Location]
    pointer: Callable[[str], str]

    def location(self, name: str) -> Location:
        return self.locations.get(name, _NO_LOCATION)

    def service_name(self, name: str) -> str:
        return self.location(name).name or name

    def named(self, *without: str) -> dict[str, JsonValue]:
        """The values by the names that the service has for them."""
        return {self.service_name(name): value for name, value in self.values.items() if name not in without}

    def file(self, name: str) -> File:
        return read_file(self.values[name], self.pointer(name))


@dataclass(frozen=True, slots=True)
class EncodedBody:
    """A body with its Content-Type."""

    content_type: str
    content: bytes | StreamedBody = field(repr=False)


def encode_body(body: Body, parameters: BodyParameters) -> EncodedBody | None:
    """The body; None for no body at all. Raises RefusedParameterError, and InvalidParameters for what is no file."""
    encode = _ENCODERS.get(type(body))
    return None if encode is None else encode(body, parameters)


def _json(body: JsonBody, parameters: BodyParameters) -> EncodedBody:
    if body.parameter is None:
        value: JsonValue = parameters.named()
    else:
        _refuse_others(parameters, body.parameter)
        value = parameters.values.get(body.parameter)
    try:
        return EncodedBody(body.content_type, json_of(value).encode())
    except RefusedError as refused:
        raise _culprit(parameters, json_of, refused) from None


def _form(body: FormBody, parameters: BodyParameters) -> EncodedBody:
    written: list[str] = []
    for name, value in parameters.values.items():
        location = parameters.location(name)
        # Nothing but the row's own word makes an object into members.
        is_said = location.style is not None or body.style != "form" or body.explode is not None
        style = (location.style or body.style) if is_said else None
        explode = location.explode if location.explode is not None else body.explode
        with _Naming(name):
            written += pairs(parameters.service_name(name), value, style, explode, encode_form)
    return EncodedBody("application/x-www-form-urlencoded", "&".join(written).encode("ascii"))


def _multipart(body: MultipartBody, parameters: BodyParameters) -> EncodedBody:
    parts: list[Part] = []
    for name, value in parameters.values.items():
        kind = parameters.location(name).content_type
        with _Naming(name):
            service_name = unicode_of(parameters.service_name(name))
            for index, item in enumerate(value if isinstance(value, list) else [value]):
                if item is None:
                    continue
                if name in body.files:
                    pointer = parameters.pointer(name) + (f"/{index}" if isinstance(value, list) else "")
                    parts.append(_file_part(service_name, read_file(item, pointer), kind))
                elif isinstance(item, dict) or kind is not None:
                    text = json_of(item) if isinstance(item, dict) else text_of(item)
                    parts.append(Part(service_name, text.encode(), content_type=kind or "application/json"))
                else:
                    parts.append(Part(service_name, text_of(item).encode()))
    return EncodedBody(*form_data(parts))


def _file_part(name: str, file: File, kind: str | None) -> Part:
    return Part(
        name,
        file.content,
        filename=unicode_of(file.filename or name),
        content_type=kind or file.content_type or _UNKNOWN_TYPE,
    )


def _multipart_related(body: MultipartRelatedBody, parameters: BodyParameters) -> EncodedBody:
    file = _required_file(body.file, parameters)
    kind = parameters.location(body.file).content_type
    try:
        metadata = json_of(parameters.named(body.file)).encode()
    except RefusedError as refused:
        raise _culprit(parameters, json_of, refused) from None
    return EncodedBody(*related(metadata, kind or file.content_type or _UNKNOWN_TYPE, file.content))


def _raw(body: RawBody, parameters: BodyParameters) -> EncodedBody:
    _refuse_others(parameters, body.file)
    file = _required_file(body.file, parameters)
    return EncodedBody(file.content_type or body.content_type, file.content)


def _required_file(name: str, parameters: BodyParameters) -> File:
    if parameters.values.get(name) is None:
        raise RefusedParameterError(name, "is required, it is the file to send")
    return parameters.file(name)


def _xml(body: XmlBody, parameters: BodyParameters) -> EncodedBody:
    try:
        return EncodedBody(body.content_type, xml_document(body.root, body.attributes, parameters.named()))
    except RefusedError as refused:

        def alone(value: JsonValue) -> object:
            return xml_document(body.root, body.attributes, value if isinstance(value, dict) else {})

        raise _culprit(parameters, alone, refused) from None


def _graphql(body: GraphqlBody, parameters: BodyParameters) -> EncodedBody:
    request: dict[str, JsonValue] = {"query": body.query, "variables": parameters.named()}
    if body.operation_name is not None:
        request["operationName"] = body.operation_name
    try:
        return EncodedBody("application/json", json_of(request).encode())
    except RefusedError as refused:
        raise _culprit(parameters, json_of, refused) from None


_ENCODERS: dict[type, Callable[[Any, BodyParameters], EncodedBody]] = {
    JsonBody: _json,
    FormBody: _form,
    MultipartBody: _multipart,
    MultipartRelatedBody: _multipart_related,
    RawBody: _raw,
    XmlBody: _xml,
    GraphqlBody: _graphql,
}


def _refuse_others(parameters: BodyParameters, only: str) -> None:
    for name in parameters.values:
        if name != only:
            raise RefusedParameterError(name, f"has no place in the request, whose body is {only!r} alone")


def _culprit(
    parameters: BodyParameters, encode: Callable[[JsonValue], object], refused: RefusedError
) -> RefusedParameterError:
    """Whose fault it is that the whole could not be encoded."""
    for name, value in parameters.values.items():
        try:
            encode({parameters.service_name(name): value})
        except RefusedError as error:
            return RefusedParameterError(name, error.args[0])
    return RefusedParameterError("", refused.args[0])


class _Naming:
    """Names the parameter that is refused inside of it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, RefusedError):
            raise RefusedParameterError(self._name, error.args[0]) from None
