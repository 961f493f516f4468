"""What is wrong with parameters, by the names that their caller gave them."""

from collections.abc import Sequence

from portway.application.requests.parameter_pointer import parameter_pointer
from portway.domain.errors import Fault, InvalidIntegrationConfig, InvalidParameters
from portway.domain.operation import Operation
from portway.domain.rules.parameter_transform import written_as


class Faults:
    """Collects them for one request. The `operations` gave the parameters the names that they have by now."""

    __slots__ = ("_operations", "found")

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._operations = operations
        self.found: list[Fault] = []

    def refuse(self, name: str, reason: str) -> None:
        """Adds one, once for each pointer. Raises InvalidIntegrationConfig where the row has set the parameter."""
        if written_as(self._operations, name) is None:
            raise InvalidIntegrationConfig(f"The parameter {name!r}, which the row itself sets, {reason}.")
        pointer = self.pointer(name)
        if all(fault.pointer != pointer for fault in self.found):
            self.found.append(Fault(pointer, f"{reason}."))

    def refuse_all(self, reason: str) -> None:
        """Adds one that is not a single parameter's."""
        self.found.append(Fault(parameter_pointer(), f"{reason}."))

    def add(self, invalid: InvalidParameters) -> None:
        """Adds those that have their pointers already."""
        self.found += invalid.faults

    def pointer(self, name: str, *path: int) -> str:
        """Where the caller wrote the parameter that is called `name` by now."""
        return parameter_pointer(written_as(self._operations, name) or name, *path)
