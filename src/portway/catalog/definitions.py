"""Integrations and their actions in YAML: a folder each, with `integration.yaml` and `actions.yaml`."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, get_args
from uuid import UUID

import msgspec
import yaml

from portway.domain.action import DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS, Action
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.integration import AuthType, Integration
from portway.domain.json_value import JsonObject, JsonValue

SHIPPED = Path(__file__).parent

T = TypeVar("T")
Category = Literal[
    "ai", "analytics", "calendar", "chat", "code-hosting", "commerce", "crm", "databases", "developer-tools",
    "documents", "e-signature", "email", "files", "finance", "forms", "hr", "issue-tracking", "marketing", "media",
    "payments", "productivity", "sms", "social", "spreadsheets", "storage", "support", "video", "",
]  # fmt: skip
Fact = Literal[
    "base_url", "auth", "scopes", "rate_limits", "retry", "verification", "account", "actions", "website",
    "documentation",
]  # fmt: skip
FACTS: tuple[str, ...] = get_args(Fact)
Slug = Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9-]*$", max_length=100)]
Text = Annotated[str, msgspec.Meta(min_length=1)]
Timeout = Annotated[int, msgspec.Meta(ge=1, le=MAX_TIMEOUT_MS)]


class ActionDefinition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An action without the ids that the database gives; the members are those of `domain.action.Action`."""

    slug: Slug
    name: Text
    http_method: Text
    endpoint_path: str
    description: str = ""
    request_schema: dict[str, Any] = {}
    transform_config: dict[str, Any] = {}
    rate_limits: tuple[dict[str, Any], ...] = ()
    scopes: tuple[str, ...] = ()
    handler: str | None = None
    timeout_ms: Timeout = DEFAULT_TIMEOUT_MS

    @property
    def examples(self) -> list[JsonObject]:
        """Parameters that the action can be executed with: the `examples` of its schema."""
        examples = self.request_schema.get("examples")
        return (
            [example for example in examples if isinstance(example, dict)]
            if isinstance(examples, list)
            else []
        )

    def action(self, action_id: UUID, integration_id: UUID) -> Action:
        """The entity."""
        return Action(id=action_id, integration_id=integration_id, **msgspec.structs.asdict(self))


class IntegrationDefinition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An integration without the ids that the database gives; most members are those of `domain.integration`.

    `website` is where people use the service. `checked` says when its facts were looked up, and where; those that are
    said in the row and were not found there are `unverified`.
    """

    slug: Slug
    name: Text
    base_url: Text
    auth_type: AuthType
    auth_config: dict[str, Any] = {}
    transform_config: dict[str, Any] = {}
    rate_limits: tuple[dict[str, Any], ...] = ()
    description: str = ""
    category: Category = ""
    website: str | None = None
    documentation_url: str | None = None
    checked: dict[str, Any] = {}
    unverified: tuple[Fact, ...] = ()
    actions: tuple[ActionDefinition, ...] = ()

    def integration(self, integration_id: UUID) -> Integration:
        """The entity, as a global row."""
        return Integration(
            id=integration_id,
            slug=self.slug,
            name=self.name,
            base_url=self.base_url,
            auth_type=self.auth_type,
            auth_config=self.auth_config,
            transform_config=self.transform_config,
            rate_limits=self.rate_limits,
            description=self.description,
            category=self.category,
            documentation_url=self.documentation_url,
            website=self.website,
        )


def load_definitions(directory: Path | None = None) -> list[IntegrationDefinition]:
    """All definitions under `directory`, sorted by slug; by default those that Portway ships.

    `directory` holds a folder for each integration, or is such a folder itself. Raises
    InvalidIntegrationConfig, which names file and member.
    """
    return list(load_folders(directory).values())


def load_folders(directory: Path | None = None) -> dict[Path, IntegrationDefinition]:
    """The same by their folders."""
    root = directory or SHIPPED
    files = [root / "integration.yaml"]
    if not files[0].is_file():
        files = sorted(root.glob("*/integration.yaml"))
    if not files:
        raise InvalidIntegrationConfig(f"{root}: there is no integration.yaml here or in a folder of it.")
    definitions = {file.parent: _load(file) for file in files}
    _refuse_repeated((definition.slug for definition in definitions.values()), root)
    return dict(sorted(definitions.items(), key=lambda item: item[1].slug))


def _load(file: Path) -> IntegrationDefinition:
    definition = convert(parse_yaml(file), IntegrationDefinition, file)
    actions_file = file.with_name("actions.yaml")
    if not actions_file.is_file():
        return definition
    actions = convert(parse_yaml(actions_file), tuple[ActionDefinition, ...], actions_file)
    _refuse_repeated((action.slug for action in actions), actions_file)
    return msgspec.structs.replace(definition, actions=actions)


def parse_yaml(file: Path) -> JsonValue:
    """What the file says, as JSON would. Raises InvalidIntegrationConfig, which names the file."""
    try:
        document = yaml.load(file.read_text("utf-8"), _Loader)  # noqa: S506 -- it is a SafeLoader
        parsed: JsonValue = json.loads(json.dumps(document, allow_nan=False))
    except (yaml.YAMLError, OSError, ValueError, TypeError, RecursionError) as error:
        raise InvalidIntegrationConfig(f"{file}: {' '.join(str(error).split())}") from None
    return parsed


if TYPE_CHECKING or not yaml.__with_libyaml__:
    from yaml import SafeLoader
else:
    # Ten times as quick; the wheels of PyYAML have it.
    from yaml import CSafeLoader as SafeLoader


class _Loader(SafeLoader):
    """YAML for what becomes JSON: dates stay text, and a member that is there twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the member {key.value!r} is there twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def convert(document: JsonValue, kind: type[T], file: Path) -> T:
    """The document as structs. Raises InvalidIntegrationConfig, which names file and member."""
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        raise InvalidIntegrationConfig(f"{file}: {_at_slug(str(error), document)}") from None


def _at_slug(message: str, document: JsonValue) -> str:
    """The message, with the slug of the action whose index it names."""
    _, found, place = message.partition("`$[")
    index = place.partition("]")[0]
    if not found or not isinstance(document, list) or not index.isdecimal():
        return message
    entry = document[int(index)]
    return f"{message} ({entry.get('slug')})" if isinstance(entry, dict) else message


def _refuse_repeated(slugs: Iterable[str], where: Path) -> None:
    seen: set[str] = set()
    for slug in slugs:
        if slug in seen:
            raise InvalidIntegrationConfig(f"{where}: the slug {slug!r} is there twice.")
        seen.add(slug)
