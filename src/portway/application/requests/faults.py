"""What is wrong with parameters, by the names that their caller gave them."""

from collections.abc import Sequence

from portway.domain.errors import Fault, InvalidIntegrationConfig, InvalidParameters
from portway.domain.operation import Operation
from portway.domain.parameter_pointer import parameter_pointer
from portway.domain.rules.parameter_origin import origin


class Faults:
    """Collects them for one request. The `operations` gave the parameters the names that they have by now."""

    __slots__ = ("_operations", "found")

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._operations = operations
        self.found: list[Fault] = []

    def refuse(self, name: str, reason: str) -> None:
        """Adds one, once for each pointer. Raises InvalidIntegrationConfig where the row has set the parameter."""
        self._add((name,), f"{reason}.")

    def refuse_all(self, reason: str) -> None:
        """Adds one that is not a single parameter's."""
        self.found.append(Fault(parameter_pointer(), f"{reason}."))

    def add(self, invalid: InvalidParameters, name: str, *path: int) -> None:
        """Adds those of a value in a parameter; their pointers begin at the value."""
        for fault in invalid.faults:
            self._add((name, *path, *fault.pointer.split("/")[1:]), fault.message)

    def _add(self, place: tuple[str | int, ...], message: str) -> None:
        written = origin(self._operations, place)
        if written is None:
            raise InvalidIntegrationConfig(
                f"The parameter {place[0]!r}, which the row itself sets, {message}"
            )
        pointer = parameter_pointer(*written)
        if all(fault.pointer != pointer for fault in self.found):
            self.found.append(Fault(pointer, message))
