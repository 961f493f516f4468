"""The fields of the form, each with its label, what helps to fill it in, and what is wrong with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from portway.api.connect_page.html import NOTHING, Html, fill, joined
from portway.application.connect_form import ConfigField, ConnectForm
from portway.application.language.auth_config import CredentialField

CONFIG_PREFIX = "config."
CREDENTIALS_PREFIX = "credentials."

_FIELD = """<div class="field{state}">{label}{help}{control}{error}</div>"""
_CHECKBOX = """<div class="field check{state}">{control}<div>{label}{help}{error}</div></div>"""
_LABEL = """<label for="{id}">{title}{optional}</label>"""
_HELP = """<p class="help" id="{id}-help">{text}</p>"""
_ERROR = """<p class="error" id="{id}-error">{text}</p>"""
_OPTIONAL = Html(' <span class="optional">optional</span>')
_TYPING = Html(' autocomplete="off" autocapitalize="none" spellcheck="false"')


@dataclass(frozen=True, slots=True)
class Entered:
    """What came back with a form, by the names of its fields, and what is wrong with it, by the same names."""

    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    errors: Mapping[str, str] = field(default_factory=dict)

    def part(self, prefix: str) -> dict[str, str]:
        """The texts of the fields of which the name begins so, by the rest of the name."""
        return {
            name.removeprefix(prefix): text for name, text in self.texts.items() if name.startswith(prefix)
        }


@dataclass(frozen=True, slots=True)
class _Place:
    """One field's name and id, what was entered there, and whether it is the first with an error."""

    name: str
    id: str
    text: str | None
    error: str
    focus: bool


def form_fields(form: ConnectForm, entered: Entered) -> Html:
    """All of them in their order. Secrets that were entered are not shown again."""
    places = _places(form, entered)
    return joined(
        (
            *(_config_field(member, next(places)) for member in form.config),
            *(_credential_field(member, next(places)) for member in form.credentials),
        )
    )


def _places(form: ConnectForm, entered: Entered) -> Iterator[_Place]:
    names = [CONFIG_PREFIX + member.name for member in form.config]
    names += [CREDENTIALS_PREFIX + member.name for member in form.credentials]
    first = next((name for name in names if name in entered.errors), None)
    for number, name in enumerate(names, 1):
        yield _Place(
            name, f"field-{number}", entered.texts.get(name), entered.errors.get(name, ""), name == first
        )


def _config_field(member: ConfigField, place: _Place) -> Html:
    text = member.default if place.text is None else place.text
    if member.kind == "boolean":
        control = fill(
            '<input type="checkbox" id="{id}" name="{name}" value="true"{checked}{more}>',
            id=place.id, name=place.name, checked=Html(" checked") if text else NOTHING,
            more=_attributes(place, described=bool(member.description), required=False),
        )  # fmt: skip
        return _whole(_CHECKBOX, place, control, member.title, member.description, required=True)
    more = _attributes(place, described=bool(member.description), required=member.required)
    if member.choices:
        control = _select(member, place, text, more)
    else:
        control = fill(
            '<input type="text" id="{id}" name="{name}" value="{text}"{mode}{pattern}{example}{more}>',
            id=place.id, name=place.name, text=text, more=more,
            mode=Html(' inputmode="decimal"') if member.kind in ("integer", "number") else NOTHING,
            pattern=_pattern(member),
            example=fill(' placeholder="{text}"', text=member.example) if member.example else NOTHING,
        )  # fmt: skip
    return _whole(_FIELD, place, control, member.title, member.description, required=member.required)


def _select(member: ConfigField, place: _Place, text: str, more: Html) -> Html:
    options = [] if member.required and text else [Html('<option value=""></option>')]
    options += [
        fill(
            '<option{selected}>{text}</option>',
            text=str(choice), selected=Html(" selected") if str(choice) == text else NOTHING,
        )
        for choice in member.choices
    ]  # fmt: skip
    return fill(
        '<select id="{id}" name="{name}"{more}>{options}</select>',
        id=place.id, name=place.name, more=more, options=joined(options),
    )  # fmt: skip


def _credential_field(member: CredentialField, place: _Place) -> Html:
    more = _attributes(place, described=bool(member.description), required=member.required)
    if "private_key" in member.name and not member.name.endswith("_id"):
        # A PEM has lines, which a text input would lose.
        control = fill(
            '<textarea class="secret" id="{id}" name="{name}" rows="5"{more}></textarea>',
            id=place.id, name=place.name, more=more,
        )  # fmt: skip
    else:
        control = fill(
            '<input type="{type}" id="{id}" name="{name}" value="{text}"{more}>',
            type="password" if member.secret else "text", id=place.id, name=place.name,
            text="" if member.secret else place.text or "", more=more,
        )  # fmt: skip
    return _whole(_FIELD, place, control, member.title, member.description, required=member.required)


def _whole(
    template: str, place: _Place, control: Html, title: str, description: str, *, required: bool
) -> Html:
    return fill(
        template,
        state=" wrong" if place.error else "",
        label=fill(_LABEL, id=place.id, title=title, optional=NOTHING if required else _OPTIONAL),
        help=fill(_HELP, id=place.id, text=description) if description else NOTHING,
        control=control,
        error=fill(_ERROR, id=place.id, text=place.error) if place.error else NOTHING,
    )


def _attributes(place: _Place, *, described: bool, required: bool) -> Html:
    notes = [f"{place.id}-help"] * described + [f"{place.id}-error"] * bool(place.error)
    return joined(
        (
            _TYPING,
            Html(" required") if required else NOTHING,
            Html(' aria-invalid="true"') if place.error else NOTHING,
            fill(' aria-describedby="{ids}"', ids=" ".join(notes)) if notes else NOTHING,
            Html(" autofocus") if place.focus else NOTHING,
        )
    )


def _pattern(member: ConfigField) -> Html:
    """For the browser, which compares the whole text; the server compares as JSON Schema says."""
    pattern = member.pattern or ""
    if not (pattern.startswith("^") and pattern.endswith("$")):
        return NOTHING
    return fill(' pattern="{pattern}" title="{title}"', pattern=pattern[1:-1], title=member.description)
