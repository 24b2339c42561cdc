"""The real link and the real session under faults, in virtual time: right with all rules, red without any one.

Rules are removed here by patching one named function each; the product has no switches.
"""

import os
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from properties.simulated_device import Device, Disk
from properties.simulated_server import Faults, Gateway, Log
from properties.simulation import Simulation
from seriatim.client.store import MemoryStore
from seriatim.core.errors import ChatError
from seriatim.protocol.commands import SendMessage
from seriatim.protocol.link.conversation import Conversation
from seriatim.protocol.link.outbox import Outbox
from seriatim.protocol.session import Session

SEEDS = int(os.environ.get("SERIATIM_SEEDS", "30"))
"""300 in a long run; each rule removed is looked for in at most 100 seeds."""
MOST_SEEDS = 100

Patch = Callable[[pytest.MonkeyPatch], None]


@pytest.mark.promise("L2")
@pytest.mark.promise("L3")
@pytest.mark.promise("D1")
@pytest.mark.promise("D4")
def test_nothing_is_lost_doubled_or_reordered_whatever_fails() -> None:
    for seed in range(SEEDS):
        assert Simulation(seed, failovers=False).run() == set(), f"seed {seed}"


@pytest.mark.promise("F6")
def test_after_a_lagging_failover_all_devices_hold_the_new_log_and_no_wish_is_lost() -> None:
    for seed in range(SEEDS):
        assert Simulation(seed).run() == set(), f"seed {seed}"


def test_the_sqlite_store_keeps_what_the_simulated_disk_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Simulation(7, failovers=False)
    plain.run()
    simulation = Simulation(7, failovers=False)
    stores = {device.device_id: MemoryStore() for device in simulation.devices}
    write = Disk.write

    def both(disk: Disk, actions: Any) -> list[SendMessage]:
        assert stores[disk.device_id].write(actions).lost == write(disk, actions)
        return []

    monkeypatch.setattr(Disk, "write", both)
    monkeypatch.setattr(Disk, "held", lambda disk: stores[disk.device_id].held())
    assert simulation.run() == set()
    for device in simulation.devices:
        store = stores[device.device_id]
        applied = [entry for _, entry in store.applied_after(0, limit=100_000)]
        for conversation_id in simulation.log.entries:
            held = [entry for entry in applied if entry.conversation_id == conversation_id]
            assert held == device.disk.entries(conversation_id)
        store.close()


def test_repair_takes_at_most_seconds_when_hints_are_lost() -> None:
    assert _slowest_percent() < 2.5


def _slowest_percent() -> float:
    repair_s: list[float] = []
    for seed in range(20):
        simulation = Simulation(seed, failovers=False)
        simulation.run()
        repair_s += simulation.repair_s
    return sorted(repair_s)[int(len(repair_s) * 0.99)]


# --- rules removed, one each ----------------------------------------------------------------------------------------


def _no_outbox(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Disk, "keep", lambda *_, **__: None)
    patch.setattr(Disk, "write", _without_outbox_rows(Disk.write))


def _without_outbox_rows(write: Any) -> Any:
    def without(disk: Disk, actions: Any) -> Any:
        return write(disk, [action for action in actions if not getattr(action, "awaits_entry", False)])

    return without


def _fresh_key_on_retry(patch: pytest.MonkeyPatch) -> None:
    transmit, seen = Device.transmit, set[Any]()

    def renamed(device: Device, frame: Any) -> None:
        if isinstance(frame, SendMessage):
            again, _ = frame.client_id in seen, seen.add(frame.client_id)
            frame = msgspec.structs.replace(frame, client_id=uuid4()) if again else frame
        transmit(device, frame)

    patch.setattr(Device, "transmit", renamed)


def _no_dedupe(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("properties.simulated_server.Log.key", lambda *_: (object(),))


def _no_drop(patch: pytest.MonkeyPatch) -> None:
    event = Conversation.event

    def undropped(conversation: Conversation, entry: Any, now: float) -> Any:
        return [entry] if conversation.is_dropped(entry.seq) else event(conversation, entry, now)

    patch.setattr(Conversation, "event", undropped)


def _no_hold_back(patch: pytest.MonkeyPatch) -> None:
    def at_once(conversation: Conversation, entry: Any, now: float) -> Any:
        return [] if conversation.is_dropped(entry.seq) else conversation._take([entry])

    patch.setattr(Conversation, "event", at_once)


def _no_gap_fetch(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Conversation, "_fetch_by", lambda *_: None)


def _no_heads(patch: pytest.MonkeyPatch) -> None:
    row = Conversation.row

    def deaf(conversation: Conversation, head: Any, now: float) -> bool:
        known = conversation.head
        row(conversation, head, now)
        conversation.head, conversation.fetch_at = known, None
        return True

    patch.setattr(Conversation, "row", deaf)


def _cursor_apart_from_entry(patch: pytest.MonkeyPatch) -> None:
    apply = Disk.apply

    def torn(disk: Disk, conversation_id: Any, entries: Any, position: Any) -> None:
        last = len(disk.entries(conversation_id)) % 37 == 0  # the process dies between the two writes
        apply(disk, conversation_id, () if last else entries, position)

    patch.setattr(Disk, "apply", torn)


def _publish_before_commit(patch: pytest.MonkeyPatch) -> None:
    store = Gateway.store

    def early(gateway: Gateway, session: Session, command: SendMessage) -> None:
        world, log = gateway.world, gateway.world.log
        if world.goes_wrong(world.faults.aborted):
            before = list(log.commits), dict(log.keys), list(log.entries[command.conversation_id])
            entry, _ = log.append(command, session.user_id, session.device_id, gateway.schedule.now)
            log.commits, log.keys, log.entries[command.conversation_id] = before
            world.publish(entry)
            return
        store(gateway, session, command)

    patch.setattr(Gateway, "store", early)


def _ack_before_commit(patch: pytest.MonkeyPatch) -> None:
    store = Gateway.store

    def early(gateway: Gateway, session: Session, command: SendMessage) -> None:
        world, log = gateway.world, gateway.world.log
        if command.body != "forbidden" and world.goes_wrong(world.faults.aborted):
            before = list(log.commits), dict(log.keys), list(log.entries[command.conversation_id])
            entry, duplicate = log.append(command, session.user_id, session.device_id, gateway.schedule.now)
            log.commits, log.keys, log.entries[command.conversation_id] = before
            gateway.ack(session, command, entry, duplicate=duplicate)
            return
        store(gateway, session, command)

    patch.setattr(Gateway, "store", early)


def _several_unanswered(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Outbox, "may_leave", lambda *_: True)


def _no_comparison(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("seriatim.protocol.link.link.Link._distrust", lambda *_: None)


def _acked_is_done(patch: pytest.MonkeyPatch) -> None:
    acked = Outbox.acked
    patch.setattr(Outbox, "acked", lambda outbox, stored, *, is_held: acked(outbox, stored, is_held=True))


def _times_not_compared(patch: pytest.MonkeyPatch) -> None:
    def untimed(log: Log, conversation_id: Any, seq: int, client_id: Any, _: Any) -> bool:
        entries = log.entries[conversation_id]
        return seq <= len(entries) and entries[seq - 1].client_id == client_id

    patch.setattr(Log, "has", untimed)


def _refused_is_final(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("seriatim.protocol.link.link.is_final", lambda error: isinstance(error, ChatError))


REMOVED: dict[str, tuple[Patch, str, bool]] = {
    "the outbox before the first transmission": (_no_outbox, "wish lost", False),
    "the same key on a retry": (_fresh_key_on_retry, "wish lost", False),
    "the key is looked up first": (_no_dedupe, "duplicated in the log", False),
    "seq at or below the cursor is dropped": (_no_drop, "duplicated on a device", False),
    "hold-back": (_no_hold_back, "lost", False),
    "a gap is fetched": (_no_gap_fetch, "lost", False),
    "heads are compared": (_no_heads, "lost", False),
    "the cursor is stored with the entry": (_cursor_apart_from_entry, "lost", False),
    "publish after commit": (_publish_before_commit, "phantom", False),
    "ack after commit": (_ack_before_commit, "acked, not stored", False),
    "one unanswered send per conversation": (_several_unanswered, "sender order", False),
    "retryable refusals keep the command": (_refused_is_final, "wish lost", False),
    "another epoch is compared": (_no_comparison, "phantom", True),
    "times are compared too": (_times_not_compared, "phantom", True),
    "acked sends wait for their entry": (_acked_is_done, "wish lost", True),
}


@pytest.mark.parametrize("rule", REMOVED)
def test_each_rule_is_needed(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    remove, witness, failovers = REMOVED[rule]
    remove(monkeypatch)
    for seed in range(MOST_SEEDS):
        simulation = Simulation(seed, faults=Faults(), failovers=failovers)
        if witness in simulation.run():
            return
    pytest.fail(f"without the rule {rule!r} nothing of {MOST_SEEDS} runs shows {witness!r}")
