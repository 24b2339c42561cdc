"""Turns: few at a time, in order, and a line that ends somewhere."""

import asyncio

import pytest

from seriatim.core.errors import Unavailable
from seriatim.storage.turns import Turns


async def test_few_are_in_at_once_in_the_order_in_which_they_came() -> None:
    turns = Turns(2, waiting=10, within_s=5.0)
    came: list[int] = []
    inside = most = 0

    async def come(number: int) -> None:
        nonlocal inside, most
        async with turns.turn():
            came.append(number)
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    async with asyncio.TaskGroup() as tasks:
        for number in range(8):
            tasks.create_task(come(number))
    assert came == list(range(8))
    assert most == 2


async def test_the_line_has_an_end_and_nobody_waits_for_ever() -> None:
    turns = Turns(1, waiting=1, within_s=0.05)
    refused: list[int] = []

    async def come(number: int) -> None:
        with pytest.raises(Unavailable) as refusal:
            async with turns.turn():
                raise AssertionError("there is no place")
        assert refusal.value.retry_after_ms == 1_000
        refused.append(number)

    async with turns.turn() as left_s:
        assert 0 < left_s <= 0.05
        async with asyncio.TaskGroup() as tasks:
            for number in range(2):
                tasks.create_task(come(number))
    assert refused == [1, 0], "the second at once, the first when his time was over"
    async with turns.turn():
        pass


async def test_a_fault_or_a_cancellation_gives_the_place_back() -> None:
    turns = Turns(1, waiting=1, within_s=0.05)
    with pytest.raises(ValueError, match="inside"):
        async with turns.turn():
            raise ValueError("inside")
    async with turns.turn():
        waiting = asyncio.Event()

        async def wait() -> None:
            waiting.set()
            async with turns.turn():
                raise AssertionError("there is no place")

        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(wait())
            await waiting.wait()
            task.cancel()
    async with turns.turn():
        pass
