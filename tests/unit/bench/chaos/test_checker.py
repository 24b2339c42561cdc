"""The chaos checker: a sound run is clean, and each kind of harm, planted alone, is named by its own counter."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

import msgspec
import pytest

from seriatim.bench.chaos.checker import check
from seriatim.bench.chaos.history import (
    GONE,
    Acked,
    Device,
    Event,
    Failed,
    FinalLog,
    FreshPages,
    HeldEntry,
    Invoked,
    Kept,
    LogConversation,
    LogEntry,
    LogMember,
    PageEntry,
    Reading,
    Seen,
    Truncated,
    Watermark,
)

HERE, ADA, BOB, ADAS, BOBS = 7, 1, 2, 11, 12
"""A conversation, two users and their devices; bob comes with entry 3."""


def key(number: int) -> UUID:
    return UUID(int=number)


@dataclass
class World:
    history: list[Event] = field(default_factory=list)
    entries: list[LogEntry] = field(default_factory=list)
    devices: list[Device] = field(default_factory=list)
    members: list[LogMember] = field(default_factory=list)
    pages: list[FreshPages] = field(default_factory=list)
    head: int = 6
    last_ordinal: int = 4

    def kinds(self) -> set[str]:
        log = FinalLog(self.entries, [LogConversation(HERE, self.head, self.last_ordinal)], self.members)
        return {violation.kind for violation in check(self.history, log, self.devices, self.pages).violations}

    def held(self, device: int) -> list[HeldEntry]:
        return next(one.entries for one in self.devices if one.device == device)

    def add(self, event: Event) -> None:
        self.history.append(event)


def said(seq: int, device: int, ordinal: int) -> LogEntry:
    return LogEntry(HERE, seq, "message_sent", device, key(seq), f"t{seq}", ordinal, f"b{seq}", [])


def sound() -> World:
    world = World()
    world.entries = [
        LogEntry(HERE, 1, "conversation_created", ADAS, key(1), "t1", None, None, [ADA]),
        said(2, ADAS, 1),
        LogEntry(HERE, 3, "member_added", ADAS, key(3), "t3", None, None, [BOB]),
        said(4, ADAS, 2),
        said(5, BOBS, 3),
        said(6, ADAS, 4),
    ]
    for seq, device in ((2, ADAS), (4, ADAS), (5, BOBS), (6, ADAS)):
        at = seq * 100
        world.history += [
            Invoked(at, device, key(seq), HERE, f"b{seq}", True),
            Kept(at + 1, device, key(seq)),
            Acked(at + 50, device, key(seq), HERE, seq, f"t{seq}"),
        ]
    world.history += [
        Seen(700, ADAS, HERE, 1, 6, 3.0),
        Seen(700, BOBS, HERE, 3, 6, 5.0),
        Reading(710, BOBS, HERE, 5),
        Watermark(720, 0, HERE, BOB, 4),
        Watermark(730, 0, HERE, BOB, 5),
    ]
    held = [HeldEntry(HERE, entry.seq, entry.key, f"s{entry.seq}") for entry in world.entries]
    world.devices = [Device(ADAS, ADA, held, [], {}), Device(BOBS, BOB, held[2:], [], {})]
    told = [PageEntry(HERE, entry.seq, f"s{entry.seq}") for entry in world.entries]
    world.pages = [FreshPages(ADA, told), FreshPages(BOB, told[2:])]
    world.members = [LogMember(HERE, ADA, False, 6, 4), LogMember(HERE, BOB, False, 5, 3)]
    return world


def test_a_sound_run_is_clean_and_measured() -> None:
    world = sound()
    assert world.kinds() == set()
    log = FinalLog(world.entries, [LogConversation(HERE, 6, 4)], world.members)
    verdict = check(world.history, log, world.devices, world.pages)
    assert (verdict.acked, verdict.failed, verdict.unknown) == (4, 0, 0)
    assert verdict.max_repair_ms == 5.0


def an_acked_entry_is_missing(world: World) -> None:
    world.add(Invoked(650, ADAS, key(99), HERE, "b99", True))
    world.add(Acked(660, ADAS, key(99), HERE, 7, "t7"))


def a_kept_message_never_came(world: World) -> None:
    world.add(Invoked(650, ADAS, key(99), HERE, "b99", True))
    world.add(Kept(651, ADAS, key(99)))


def an_outbox_is_not_empty(world: World) -> None:
    world.devices[0] = msgspec.structs.replace(world.devices[0], outbox=[key(98)])


def a_device_lacks_the_end(world: World) -> None:
    world.held(BOBS).pop()


def a_device_lacks_the_middle(world: World) -> None:
    del world.held(BOBS)[1]


def the_log_has_a_gap(world: World) -> None:
    world.entries[-1] = msgspec.structs.replace(world.entries[-1], seq=7)
    world.head = 7


def the_head_is_wrong(world: World) -> None:
    world.head = 7


def a_key_is_stored_twice(world: World) -> None:
    world.entries.append(msgspec.structs.replace(said(7, ADAS, 5), key=key(6), body="b6"))
    world.head = 7


def a_message_is_stored_under_two_keys(world: World) -> None:
    world.entries.append(msgspec.structs.replace(said(7, ADAS, 5), body="b6"))
    world.head = 7


def two_acks_differ(world: World) -> None:
    world.add(Acked(690, ADAS, key(6), HERE, 5, "t6"))


def an_ack_has_another_time(world: World) -> None:
    world.add(Acked(690, ADAS, key(6), HERE, 6, "another"))


def a_device_holds_an_entry_twice(world: World) -> None:
    world.held(ADAS).append(world.held(ADAS)[-1])


def a_device_holds_them_out_of_order(world: World) -> None:
    held = world.held(ADAS)
    held[3], held[4] = held[4], held[3]


def a_view_fell_back(world: World) -> None:
    world.add(Seen(800, ADAS, HERE, 4, 6, None))


def a_view_was_taken_back(world: World) -> None:
    world.add(Truncated(800, ADAS, HERE, 4))


def a_later_wish_got_a_lower_seq(world: World) -> None:
    """Bob's send begins after the ack of 6 and is stored as 5."""
    world.history = [event for event in world.history if not (isinstance(event, Invoked) and event.key == key(5))]
    world.add(Invoked(900, BOBS, key(5), HERE, "b5", True))


def a_sender_was_overtaken_by_himself(world: World) -> None:
    """Ada gives 4 before 2, and no ack says so."""
    world.history = [event for event in world.history if getattr(event, "key", None) not in {key(2), key(4)}]
    world.add(Invoked(100, ADAS, key(4), HERE, "b4", True))
    world.add(Invoked(101, ADAS, key(2), HERE, "b2", True))


def a_device_shows_what_is_not_in_the_log(world: World) -> None:
    held = world.held(ADAS)
    held[-1] = msgspec.structs.replace(held[-1], key=key(97))


def a_refused_command_was_stored(world: World) -> None:
    world.add(Failed(680, ADAS, key(6), "forbidden"))


def a_body_was_changed(world: World) -> None:
    world.entries[-1] = msgspec.structs.replace(world.entries[-1], body="other")


def a_device_has_folded_otherwise(world: World) -> None:
    held = world.held(BOBS)
    held[-1] = msgspec.structs.replace(held[-1], state="another")


def a_device_still_shows_what_was_deleted(world: World) -> None:
    world.entries[-1] = msgspec.structs.replace(world.entries[-1], body=GONE)
    for one in world.pages:
        one.entries[-1] = msgspec.structs.replace(one.entries[-1], state="gone")


def a_page_lacks_what_a_device_holds(world: World) -> None:
    world.pages[1].entries.pop()


def somebody_sees_what_was_before_him(world: World) -> None:
    world.held(BOBS).insert(0, HeldEntry(HERE, 2, key(2), "s2"))


def a_watermark_fell(world: World) -> None:
    world.add(Watermark(740, 0, HERE, BOB, 3))


def a_watermark_was_forgotten(world: World) -> None:
    world.add(Reading(740, BOBS, HERE, 6))


def a_badge_is_wrong(world: World) -> None:
    world.members[1] = LogMember(HERE, BOB, False, 5, 2)


@pytest.mark.parametrize(
    ("plant", "kind"),
    [
        (an_acked_entry_is_missing, "lost"),
        (a_kept_message_never_came, "lost"),
        (an_outbox_is_not_empty, "lost"),
        (a_device_lacks_the_end, "lost"),
        (a_device_lacks_the_middle, "gaps"),
        (the_log_has_a_gap, "gaps"),
        (the_head_is_wrong, "gaps"),
        (a_key_is_stored_twice, "duplicated"),
        (a_message_is_stored_under_two_keys, "duplicated"),
        (two_acks_differ, "duplicated"),
        (an_ack_has_another_time, "duplicated"),
        (a_device_holds_an_entry_twice, "duplicated"),
        (a_device_holds_them_out_of_order, "inversions"),
        (a_view_fell_back, "inversions"),
        (a_view_was_taken_back, "phantoms"),
        (a_later_wish_got_a_lower_seq, "inversions"),
        (a_sender_was_overtaken_by_himself, "inversions"),
        (a_device_shows_what_is_not_in_the_log, "phantoms"),
        (a_refused_command_was_stored, "phantoms"),
        (a_body_was_changed, "phantoms"),
        (somebody_sees_what_was_before_him, "leaks"),
        (a_watermark_fell, "watermarks"),
        (a_watermark_was_forgotten, "watermarks"),
        (a_badge_is_wrong, "unread"),
        (a_device_has_folded_otherwise, "unlike"),
        (a_device_still_shows_what_was_deleted, "unlike"),
        (a_page_lacks_what_a_device_holds, "unlike"),
    ],
    ids=lambda value: value.__name__ if callable(value) else value,
)
def test_planted_harm_is_found(plant: Callable[[World], None], kind: str) -> None:
    world = copy.deepcopy(sound())
    plant(world)
    assert kind in world.kinds()


def test_what_a_kept_message_of_somebody_removed_became_is_not_asked() -> None:
    world = sound()
    world.entries.append(LogEntry(HERE, 7, "member_left", ADAS, key(7), "t7", None, None, [BOB]))
    world.head = 7
    for device in (ADAS, BOBS):
        world.held(device).append(HeldEntry(HERE, 7, key(7), "s7"))
    for one in world.pages:
        one.entries.append(PageEntry(HERE, 7, "s7"))
    world.members[1] = LogMember(HERE, BOB, True, 5, 3)
    world.add(Invoked(650, BOBS, key(99), HERE, "b99", True))
    world.add(Kept(651, BOBS, key(99)))
    assert world.kinds() == set()


def test_a_deleted_message_says_nothing_of_its_body() -> None:
    world = sound()
    world.entries[-1] = msgspec.structs.replace(world.entries[-1], body=GONE)
    world.entries[3] = msgspec.structs.replace(world.entries[3], body=GONE)
    assert world.kinds() == set()


def test_what_is_deleted_after_somebody_left_may_stay_on_his_device() -> None:
    world = sound()
    a_device_still_shows_what_was_deleted(world)
    world.held(ADAS)[-1] = msgspec.structs.replace(world.held(ADAS)[-1], state="gone")
    world.members[1] = LogMember(HERE, BOB, True, 5, 3)
    assert world.kinds() == set()
