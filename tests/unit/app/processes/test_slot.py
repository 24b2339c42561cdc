"""Who is kept alive, how long it is waited for, and what a change of process leaves as it was."""

import asyncio

import pytest

from seriatim.app.processes import slot as slot_module
from seriatim.app.processes.child import CannotStart
from seriatim.app.processes.slot import FAILED_STARTS, LONGEST_PAUSE_S, Patience, ProcessFailed, Slot, kept


class Actor:
    """A process that does what a test says."""

    def __init__(self, pid: int, why_not: str | None) -> None:
        self.pid = pid
        self._why_not = why_not
        self._end = asyncio.Event()
        self.was_let_go = False

    @property
    def has_ended(self) -> bool:
        return self._end.is_set()

    def die(self) -> None:
        self._end.set()

    async def ready(self) -> None:
        if self._why_not is not None:
            self._end.set()
            raise CannotStart(self._why_not)

    async def ended(self) -> int:
        await self._end.wait()
        return -9

    def let_go(self) -> None:
        self.was_let_go = True

    async def stop(self, *, within_s: float) -> None:
        self._end.set()


class Stage:
    """Starts actors; `faults` are what the next ones fall ill of."""

    def __init__(self) -> None:
        self.actors: list[Actor] = []
        self.faults: list[str | None] = []
        self.no_program = 0
        """Starts to come that find nothing to start."""

    async def launch(self) -> Actor:
        if self.no_program:
            self.no_program -= 1
            raise FileNotFoundError("there is no program")
        self.actors.append(Actor(len(self.actors), self.faults.pop(0) if self.faults else None))
        return self.actors[-1]

    def slot(self) -> Slot:
        return Slot("actor", self.launch, stop_within_s=1)  # type: ignore[arg-type] - plays the part of a Child

    @property
    def alive(self) -> list[int]:
        return [actor.pid for actor in self.actors if not actor.has_ended]

    async def until(self, *alive: int) -> None:
        async with asyncio.timeout(5):
            while self.alive != list(alive):
                await asyncio.sleep(0.005)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(slot_module, "FIRST_PAUSE_S", 0.001)
    return Stage()


def test_pauses_grow_to_their_bound_and_begin_anew_after_a_long_run() -> None:
    patience = Patience("it")
    pauses = [patience.died(after_s=1) for _ in range(8)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (0.1, LONGEST_PAUSE_S)
    assert patience.died(after_s=60) == 0.1


def test_five_failed_starts_in_a_row_are_the_end_but_not_when_one_between_succeeds() -> None:
    patience = Patience("it")
    for _ in range(2):
        for _ in range(FAILED_STARTS - 1):
            patience.could_not_start("no luck")
        patience.died(after_s=0.1)
    for _ in range(FAILED_STARTS - 1):
        patience.could_not_start("no luck")
    with pytest.raises(ProcessFailed, match="it cannot start: no luck"):
        patience.could_not_start("no luck")


async def test_who_dies_is_followed_and_all_end_together(stage: Stage) -> None:
    async with kept([stage.slot()]):
        assert stage.alive == [0]
        stage.actors[0].die()
        await stage.until(1)
    assert stage.alive == []
    assert stage.actors[1].was_let_go, "it need not wait for its clients to leave"


async def test_what_cannot_start_at_all_ends_the_rest_with_its_reason(stage: Stage) -> None:
    stage.faults = ["no luck"] * FAILED_STARTS
    with pytest.raises(ExceptionGroup) as caught:
        async with kept([stage.slot()]):
            pytest.fail("it is not up")
    assert caught.group_contains(ProcessFailed, match="no luck")
    assert stage.alive == []


async def test_a_successor_is_ready_before_the_present_one_ends_and_is_itself_kept_alive(stage: Stage) -> None:
    slot = stage.slot()
    async with kept([slot]):
        await slot.replace()
        assert stage.alive == [1]
        assert not stage.actors[0].was_let_go, "its clients have where to go, and time for it"
        stage.actors[1].die()
        await stage.until(2)
    assert len(stage.actors) == 3, "an end that was wished is not mended"


async def test_a_successor_that_is_not_ready_changes_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    slot = stage.slot()
    async with kept([slot]):
        stage.faults = ["the new settings are wrong"]
        with pytest.raises(CannotStart, match="actor: the new settings are wrong"):
            await slot.replace()
        monkeypatch.setattr(slot_module, "READY_WITHIN_S", 0.0)
        monkeypatch.setattr(Actor, "ready", Actor.ended)
        with pytest.raises(CannotStart, match="not ready within"):
            await slot.replace()
        assert stage.alive == [0]


async def test_a_program_that_is_missing_for_a_moment_takes_nobody_with_it(stage: Stage) -> None:
    slot = stage.slot()
    async with kept([slot]):
        stage.no_program = 1
        with pytest.raises(CannotStart, match="actor: there is no program"):
            await slot.replace()
        assert stage.alive == [0]
        stage.no_program = FAILED_STARTS - 1
        stage.actors[0].die()
        await stage.until(1)


async def test_who_dies_while_his_successor_starts_is_not_followed_twice(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot, go_on = stage.slot(), asyncio.Event()
    async with kept([slot]):
        monkeypatch.setattr(Actor, "ready", lambda _self: go_on.wait())
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(slot.replace())
            await stage.until(0, 1)
            stage.actors[0].die()
            await asyncio.sleep(0.02)
            go_on.set()
        await asyncio.sleep(0.02)
        assert stage.alive == [1]
        assert len(stage.actors) == 2


async def test_an_end_in_the_middle_of_a_change_leaves_nobody(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    slot = stage.slot()
    async with asyncio.TaskGroup() as tasks, kept([slot]):
        monkeypatch.setattr(Actor, "ready", Actor.ended)
        change = tasks.create_task(slot.replace())
        await stage.until(0, 1)
        change.cancel()
    assert stage.alive == []
