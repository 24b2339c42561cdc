"""The checker: histories, the final log and the reopened stores in, violations out; it is pure and knows no server."""

import bisect
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple
from uuid import UUID

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
    LogEntry,
    Reading,
    Seen,
    Truncated,
    Watermark,
)

Kind = Literal["lost", "duplicated", "inversions", "gaps", "phantoms", "leaks", "watermarks", "unread", "unlike"]
KINDS: tuple[Kind, ...] = (
    "lost", "duplicated", "inversions", "gaps", "phantoms", "leaks", "watermarks", "unread", "unlike",
)  # fmt: skip


class Violation(NamedTuple):
    """A broken promise: which counter it belongs to, and what exactly happened."""

    kind: Kind
    what: str


class Verdict(NamedTuple):
    """What a run came to."""

    violations: list[Violation]
    acked: int
    failed: int
    unknown: int
    p99_ms: float
    max_repair_ms: float

    @property
    def counts(self) -> dict[Kind, int]:
        """Violations by counter, all counters."""
        found = Counter(violation.kind for violation in self.violations)
        return {kind: found[kind] for kind in KINDS}


Key = tuple[int, UUID]
"""Device and client_id: what must be stored once."""


class _Facts:
    """Histories by key, and the log by place."""

    def __init__(self, history: Iterable[Event], log: FinalLog) -> None:
        self.invoked: dict[Key, Invoked] = {}
        self.kept: set[Key] = set()
        self.acks: dict[Key, list[Acked]] = defaultdict(list)
        self.failed: dict[Key, Failed] = {}
        self.seen: list[Seen] = []
        self.truncated: list[Truncated] = []
        self.reads: list[Reading] = []
        self.watermarks: list[Watermark] = []
        for event in history:
            self._add(event)
        self.log = log
        self.stored: dict[Key, list[LogEntry]] = defaultdict(list)
        self.at: dict[tuple[int, int], LogEntry] = {}
        self.by_conversation: dict[int, list[LogEntry]] = defaultdict(list)
        for entry in sorted(log.entries, key=lambda entry: (entry.conversation, entry.seq)):
            self.stored[entry.device, entry.key].append(entry)
            self.at[entry.conversation, entry.seq] = entry
            self.by_conversation[entry.conversation].append(entry)
        self.heads = {one.conversation: one.head for one in log.conversations}
        self.intervals = _intervals(self.by_conversation)

    def _add(self, event: Event) -> None:
        match event:
            case Invoked():
                self.invoked.setdefault((event.device, event.key), event)
            case Kept():
                self.kept.add((event.device, event.key))
            case Acked():
                self.acks[event.device, event.key].append(event)
            case Failed():
                self.failed[event.device, event.key] = event
            case Seen():
                self.seen.append(event)
            case Truncated():
                self.truncated.append(event)
            case Reading():
                self.reads.append(event)
            case Watermark():
                self.watermarks.append(event)


def check(history: Iterable[Event], log: FinalLog, devices: Iterable[Device], pages: Iterable[FreshPages]) -> Verdict:
    """Hold a settled run to the promises L1-L6, D4, D5, F7 and I1 (docs/guarantees.md)."""
    facts = _Facts(history, log)
    users: dict[int, int] = {}
    fresh = {one.user: {(entry.conversation, entry.seq): entry.state for entry in one.entries} for one in pages}
    violations = [
        *_log(facts),
        *_once(facts),
        *_keys(facts),
        *_sender_order(facts),
        *_precedence(facts),
        *_views(facts),
    ]
    for device in devices:
        users[device.device] = device.user
        violations += [*_device(facts, device), *_unlike(facts, device, fresh.get(device.user, {}))]
    violations += [*_wishes(facts, users), *_watermarks(facts, users), *_unread(facts)]
    late = sorted(seen.late_ms for seen in facts.seen if seen.late_ms is not None)
    return Verdict(
        violations,
        acked=len(facts.acks),
        failed=len(facts.failed),
        unknown=sum(key not in facts.acks and key not in facts.failed for key in facts.invoked),
        p99_ms=late[int(len(late) * 0.99)] if late else 0.0,
        max_repair_ms=late[-1] if late else 0.0,
    )


def _intervals(by_conversation: dict[int, list[LogEntry]]) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Return per (conversation, user) the ranges of seq during which he was a member, both ends included."""
    intervals: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for conversation, entries in by_conversation.items():
        since: dict[int, int] = {}
        for entry in entries:
            if entry.kind in {"conversation_created", "member_added"}:
                for user in entry.users:
                    since.setdefault(user, entry.seq)
            elif entry.kind == "member_left":
                for user in entry.users:
                    if user in since:
                        intervals[conversation, user].append((since.pop(user), entry.seq))
        for user, first in since.items():
            intervals[conversation, user].append((first, entries[-1].seq))
    return intervals


def _log(facts: _Facts) -> Iterator[Violation]:
    """Check 1: seq is 1..n, the head is n."""
    for conversation, head in facts.heads.items():
        seqs = [entry.seq for entry in facts.by_conversation.get(conversation, [])]
        for expected, seq in enumerate(seqs, 1):
            if seq != expected:
                yield Violation("gaps", f"log of {conversation}: {seq} stands where {expected} should")
                break
        if (seqs[-1] if seqs else 0) != head:
            yield Violation("gaps", f"log of {conversation}: head {head}, last entry {seqs[-1] if seqs else 0}")


def _once(facts: _Facts) -> Iterator[Violation]:
    """Check 2: every key is stored once, and so is every message, for each has another body."""
    bodies: dict[tuple[int, str], list[LogEntry]] = defaultdict(list)
    for (device, key), entries in facts.stored.items():
        if len(entries) > 1:
            yield Violation("duplicated", f"key {key} of {device} is stored at {[entry.seq for entry in entries]}")
        for entry in entries:
            if entry.body is not None and entry.body != GONE:
                bodies[device, entry.body].append(entry)
    for (device, _), entries in bodies.items():
        if len({entry.key for entry in entries}) > 1:
            where = [(entry.conversation, entry.seq) for entry in entries]
            yield Violation("duplicated", f"one message of {device} is stored under several keys at {where}")


def _keys(facts: _Facts) -> Iterator[Violation]:
    """Check 2: each acked key is stored, where every ack said; a refused one is not; what is stored was wanted."""
    for (device, key), acks in facts.acks.items():
        entries = facts.stored.get((device, key))
        if not entries:
            yield Violation("lost", f"key {key} of {device} was acked as {acks[0].seq} and is not in the log")
            continue
        entry = entries[0]
        for ack in acks:
            if (ack.conversation, ack.seq, ack.created_at) != (entry.conversation, entry.seq, entry.created_at):
                yield Violation("duplicated", f"key {key} of {device}: acked as {ack}, stored as {entry}")
    for (device, key), refusal in facts.failed.items():
        if (device, key) in facts.stored:
            yield Violation("phantoms", f"key {key} of {device} was refused ({refusal.code}) and is in the log")
    for (device, key), invoked in facts.invoked.items():
        for entry in facts.stored.get((device, key), ()):
            if entry.body not in (invoked.body, GONE):
                yield Violation("phantoms", f"key {key} of {device} is stored with another body")


def _sender_order(facts: _Facts) -> Iterator[Violation]:
    """Check L4: one device's ordered commands are stored in the order in which they were given."""
    last: dict[tuple[int, int], int] = {}
    for (device, key), invoked in sorted(facts.invoked.items(), key=lambda item: item[1].at_ns):
        entries = facts.stored.get((device, key))
        if not entries or not invoked.ordered:
            continue
        lane = device, invoked.conversation
        if entries[0].seq < last.get(lane, 0):
            yield Violation(
                "inversions", f"{device} gave {key} after what is stored at {last[lane]} > {entries[0].seq}"
            )
        last[lane] = max(entries[0].seq, last.get(lane, 0))


def _precedence(facts: _Facts) -> Iterator[Violation]:
    """Check 6: what is invoked after an ack gets a higher seq than what was acked."""
    acks: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for own in facts.acks.values():
        acks[own[0].conversation].append((min(ack.at_ns for ack in own), own[0].seq))
    times: dict[int, list[int]] = {}
    highest: dict[int, list[int]] = {}
    for conversation, rows in acks.items():
        rows.sort()
        times[conversation] = [at_ns for at_ns, _ in rows]
        highest[conversation] = []
        top = 0
        for _, seq in rows:
            top = max(top, seq)
            highest[conversation].append(top)
    for (device, key), invoked in facts.invoked.items():
        entries = facts.stored.get((device, key))
        before = bisect.bisect_left(times.get(invoked.conversation, []), invoked.at_ns)
        if entries and before and highest[invoked.conversation][before - 1] >= entries[0].seq:
            higher = highest[invoked.conversation][before - 1]
            yield Violation("inversions", f"{key} of {device} is {entries[0].seq}, given after the ack of {higher}")


def _views(facts: _Facts) -> Iterator[Violation]:
    """Check 4: what came into view rises in each conversation, over all lives of a device's process."""
    last: dict[tuple[int, int], int] = {}
    for seen in sorted(facts.seen, key=lambda seen: seen.at_ns):
        place = seen.device, seen.conversation
        if seen.first <= last.get(place, 0):
            yield Violation("inversions", f"{seen.device} saw {seen.first} of {seen.conversation} after {last[place]}")
        last[place] = max(seen.last, last.get(place, 0))
    for event in facts.truncated:
        yield Violation("phantoms", f"{event.device} took back {event.conversation} above {event.after}")


def _device(facts: _Facts, device: Device) -> Iterator[Violation]:
    """Hold a reopened store to the log (checks 3, 4, 5, 10): all of its user's membership, rising, and nothing else."""
    for key in device.outbox:
        yield Violation("lost", f"{device.device} still has {key} in its outbox")
    lists: dict[int, list[HeldEntry]] = defaultdict(list)
    for held in device.entries:
        lists[held.conversation].append(held)
    for conversation, entries in lists.items():
        yield from _list(facts, device, conversation, entries)
    for (conversation, user), intervals in facts.intervals.items():
        if user != device.user:
            continue
        first, last = intervals[-1]
        held = {entry.seq for entry in lists.get(conversation, [])}
        missing = [seq for seq in range(first, last + 1) if seq not in held]
        if missing:
            kind: Kind = "lost" if missing[-1] == last else "gaps"
            yield Violation(kind, f"{device.device} lacks {len(missing)} of {conversation}, such as {missing[:3]}")


def _list(facts: _Facts, device: Device, conversation: int, entries: list[HeldEntry]) -> Iterator[Violation]:
    intervals = facts.intervals.get((conversation, device.user), [])
    where = f"{device.device} in {conversation}"
    before = 0
    for held in entries:
        entry = facts.at.get((conversation, held.seq))
        if held.seq == before:
            yield Violation("duplicated", f"{where}: {held.seq} is held twice")
        elif held.seq < before:
            yield Violation("inversions", f"{where}: {held.seq} came after {before}")
        if entry is None or entry.key != held.key:
            yield Violation("phantoms", f"{where}: {held.seq} is not what the log holds there")
        elif not any(first <= held.seq <= last for first, last in intervals):
            yield Violation("leaks", f"{where}: {held.seq} is outside of {intervals}")
        before = max(before, held.seq)


def _unlike(facts: _Facts, device: Device, fresh: dict[tuple[int, int], str]) -> Iterator[Violation]:
    """Hold what later entries have made of earlier ones on a device to what a fresh page tells (promise L6).

    Of what changed after somebody left, pages tell him the state of then as far as it is kept (log/messages/state.py),
    so only members are held to them.
    """
    left = {member.conversation for member in facts.log.members if member.user == device.user and member.left}
    for held in device.entries:
        if held.conversation not in left and fresh.get((held.conversation, held.seq)) != held.state:
            yield Violation("unlike", f"{device.device} in {held.conversation}: {held.seq} is not as a page tells it")


def _wishes(facts: _Facts, users: dict[int, int]) -> Iterator[Violation]:
    """Look for what was kept and did not come into the log, though it was not refused (checks 3 and F7).

    A process that was killed between hearing a refusal and writing it down leaves a kept key without an outcome: so
    only a sender who was a member to the end is owed his entry.
    """
    gone = {(member.conversation, member.user) for member in facts.log.members if member.left}
    for device, key in facts.kept:
        invoked = facts.invoked.get((device, key))
        if invoked is None or (device, key) in facts.stored or (device, key) in facts.failed:
            continue
        place = invoked.conversation, users.get(device, 0)
        if place not in gone and len(facts.intervals.get(place, [])) == 1 and invoked.body is not None:
            yield Violation("lost", f"{device} kept {key}, and it never came into the log")


def _watermarks(facts: _Facts, users: dict[int, int]) -> Iterator[Violation]:
    """Check 8: read watermarks never fall, and end at what was asked at most by their user's devices."""
    last: dict[tuple[int, int], int] = {}
    for mark in sorted(facts.watermarks, key=lambda mark: mark.at_ns):
        place = mark.conversation, mark.user
        if mark.seq < last.get(place, 0):
            yield Violation("watermarks", f"{mark.user} in {mark.conversation}: fell from {last[place]} to {mark.seq}")
        last[place] = mark.seq
    asked: dict[tuple[int, int], int] = defaultdict(int)
    for read in facts.reads:
        place = read.conversation, users.get(read.device, 0)
        asked[place] = max(asked[place], read.seq)
    for member in facts.log.members:
        place = member.conversation, member.user
        if member.read < last.get(place, 0):
            yield Violation("watermarks", f"{member.user} in {member.conversation}: fell to {member.read}")
        if not member.left and member.read < asked[place] and len(facts.intervals[place]) == 1:
            what = f"{member.user} in {member.conversation}: read {asked[place]}, stored {member.read}"
            yield Violation("watermarks", what)
        if member.read > facts.heads.get(member.conversation, 0):
            yield Violation("watermarks", f"{member.user} in {member.conversation}: {member.read} is past the head")


def _unread(facts: _Facts) -> Iterator[Violation]:
    """Check 9: last ordinal - read ordinal is what counting the log's messages gives."""
    last_ordinals = {one.conversation: one.last_ordinal for one in facts.log.conversations}
    counted = {
        conversation: [entry.seq for entry in entries if entry.ordinal is not None]
        for conversation, entries in facts.by_conversation.items()
    }
    for member in facts.log.members:
        if member.left:
            continue
        seqs = counted.get(member.conversation, [])
        recount = len(seqs) - bisect.bisect_right(seqs, member.read)
        formula = last_ordinals[member.conversation] - member.read_ordinal
        if formula != recount:
            what = f"{member.user} in {member.conversation}: {formula} unread by numbers, {recount} by counting"
            yield Violation("unread", what)
