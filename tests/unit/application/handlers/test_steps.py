import pytest

from portway.application.handlers.steps import Steps
from portway.application.ports.http import UpstreamResponse
from portway.domain.errors import InvalidParameters, PortwayError, UpstreamError, UpstreamTimeout
from tests.fakes.http_client import json_answer


async def value(result: object) -> object:
    return result


async def failing(error: Exception) -> object:
    raise error


async def test_a_steps_result_is_handed_through() -> None:
    answer = json_answer({"id": 1}, 201)
    steps = Steps()
    assert await steps.run("create it", value(answer)) is answer
    assert await steps.run("count", value(5)) == 5


@pytest.mark.parametrize("error", [UpstreamTimeout(), InvalidParameters([])])
async def test_an_error_says_what_was_done(error: PortwayError) -> None:
    steps = Steps()
    await steps.run("create it", value(json_answer({})))
    await steps.run("send it", value(None))
    with pytest.raises(type(error)) as raised:
        await steps.run("verify it", failing(error))
    assert raised.value is error
    assert (raised.value.failed_step, raised.value.steps_done) == ("verify it", ("create it", "send it"))


@pytest.mark.parametrize("status", [308, 400, 503])
async def test_an_answer_that_is_no_success_ends_a_step(status: int) -> None:
    steps = Steps()
    with pytest.raises(UpstreamError) as raised:
        await steps.run("create it", value(UpstreamResponse(status, {}, b"no")))
    assert raised.value.status_code == status
    assert (raised.value.failed_step, raised.value.steps_done) == ("create it", ())


async def test_what_is_no_error_of_ours_is_left_alone() -> None:
    with pytest.raises(KeyError):
        await Steps().run("create it", failing(KeyError("a")))
