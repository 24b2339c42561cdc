"""Presence: whatever devices do, a watcher ends with what a naive look at all of them says, and never hears a flap."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presence_world import ADA, BOB, Device, World
from seriatim.core.activity import Activity
from seriatim.features.presence import rules
from seriatim.features.presence.rules import Chosen, LastSeen
from seriatim.features.presence.store import Stored
from seriatim.protocol.fields import ChosenState
from seriatim.protocol.limits import OFFLINE_AFTER_S

DEVICES = 3
STATES = ("active", "inactive", "gone")
TOLD_WITHIN_S = 2.0

steps = st.one_of(
    st.tuples(st.integers(0, DEVICES - 1), st.sampled_from(STATES)),
    st.tuples(st.just("chooses"), st.sampled_from(ChosenState)),
    st.tuples(st.just("passes"), st.sampled_from((0.3, 1.0, 4.0, 9.5, 11.0))),
)


def naive(devices: list[str], chosen: str) -> str:
    """Look at every device, and say what a person would say who sees them all."""
    connected = [state for state in devices if state != "gone"]
    if not connected or chosen == "invisible":
        return "offline"
    if chosen == "do_not_disturb":
        return "do_not_disturb"
    if chosen == "away" or all(state == "inactive" for state in connected):
        return "away"
    return "online"


class History:
    """Ada's devices, Bob who looks at her, and since when a naive look would have called her offline."""

    def __init__(self) -> None:
        self.world = World()
        self.devices: list[Device | None] = [None] * DEVICES
        self.chosen = ChosenState.AUTO
        self.gone_since = 0.0

    @property
    def states(self) -> list[str]:
        return ["gone" if one is None else "inactive" if one.inactive else "active" for one in self.devices]

    async def step(self, step: tuple[Any, Any]) -> None:
        what, value = step
        if what == "passes":
            await self.world.passes(value)
        elif what == "chooses":
            self.chosen = value
            self.world.stored[ADA] = Stored(Chosen(value), LastSeen())
            self.world.presence.reload(ADA)
            await self.world.passes(TOLD_WITHIN_S)
        else:
            self._moves(what, value)

    def _moves(self, place: int, state: str) -> None:
        device = self.devices[place]
        was_connected = any(one is not None for one in self.devices)
        if device is None:
            if state != "gone":
                self.devices[place] = self.world.comes(ADA, inactive=state == "inactive")
        elif state == "gone":
            self.devices[place] = None
            self.world.goes(device)
        else:
            self.world.turns(device, inactive=state == "inactive")
        if was_connected and not any(self.devices):
            self.gone_since = self.world.clock.monotonic()


@pytest.mark.promise("D6")
@given(st.lists(steps, max_size=25))
def test_any_history_ends_as_a_naive_look_says_and_no_flap_is_told(history: list[tuple[Any, Any]]) -> None:
    async def run() -> None:
        one = History()
        await one.world.settled()
        bob = one.world.comes(BOB)
        one.world.looks(bob, ADA)
        await one.world.passes(TOLD_WITHIN_S)
        for step in history:
            before = len(bob.told)
            is_here = any(one.devices)
            await one.step(step)
            shown = [row.state for _, row in bob.told]
            for place, (at, row) in enumerate(bob.told[before:], before):
                turns_offline = row.state == "offline" and (place == 0 or shown[place - 1] != "offline")
                if turns_offline and one.chosen is not ChosenState.INVISIBLE:
                    assert not is_here or step[0] == "chooses", "nobody left"
                    assert at - one.gone_since >= OFFLINE_AFTER_S or one.gone_since == 0.0 or is_here
        await one.world.passes(TOLD_WITHIN_S if any(one.devices) else OFFLINE_AFTER_S + TOLD_WITHIN_S)
        assert bob.states()[-1] == naive(one.states, one.chosen)

    asyncio.run(run())


@pytest.mark.promise("D6")
@given(st.lists(st.lists(st.sampled_from(STATES), max_size=DEVICES), min_size=1, max_size=3))
def test_over_several_gateways_it_is_as_if_there_were_one(gateways: list[list[str]]) -> None:
    def of(devices: list[str]) -> Activity:
        return rules.most_active(state == "inactive" for state in devices if state != "gone")

    assert max(map(of, gateways)) is of([state for devices in gateways for state in devices])
