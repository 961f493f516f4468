"""An action of several requests: where one fails, the error says what was done before."""

from collections.abc import Awaitable
from typing import TypeVar

from portway.application.ports.http import UpstreamResponse
from portway.application.responses.response_mapping import raise_for_status
from portway.domain.errors import PortwayError

T = TypeVar("T")


class Steps:
    """The steps of one execution, in order.

        steps = Steps()
        created = await steps.run("create the invoice", context.send(...))
        await steps.run("send it", context.send(...))

    An error that ends a step carries `failed_step` and `steps_done`, which the caller is shown.
    """

    def __init__(self) -> None:
        self._done: list[str] = []

    async def run(self, name: str, step: Awaitable[T]) -> T:
        """The step's result. An UpstreamResponse must be a success: raises UpstreamError for another status."""
        try:
            result = await step
            if isinstance(result, UpstreamResponse):
                raise_for_status(result)
        except PortwayError as error:
            error.failed_step, error.steps_done = name, tuple(self._done)
            raise
        self._done.append(name)
        return result
