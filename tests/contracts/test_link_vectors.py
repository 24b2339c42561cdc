"""Recorded stories of a link, told to the Python link; the TypeScript link must come to the same state from them."""

from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest

from seriatim.client.frames import decode
from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.protocol.commands import ClientName
from seriatim.protocol.link import (
    Acked,
    Action,
    Apply,
    Connect,
    Durable,
    Failed,
    Held,
    History,
    Identity,
    Keep,
    Kept,
    Link,
    OutboxCommand,
    Position,
    Recall,
    SaveToken,
    Settled,
    Transmit,
    Truncate,
)
from seriatim.protocol.link.actions import DURABLE

FOLDER = Path(__file__).parent / "vectors"
UNSAID = (None, [], 0, False, "")
"""Values that `transmitted` leaves out."""


class Runner:
    """Tells a link one story and keeps what it wants kept."""

    def __init__(self, story: dict[str, Any]) -> None:
        start = story.get("start", {})
        self.now = 0.0
        self.epoch, self.token = start.get("epoch"), start.get("token")
        self.positions = {
            ConversationId(int(id_)): msgspec.convert(position, Position)
            for id_, position in start.get("positions", {}).items()
        }
        self.keys = {
            (int(id_), seq): (UUID(key), datetime.fromisoformat(created_at))
            for id_, rows in start.get("entries", {}).items()
            for seq, key, created_at in rows
        }
        self.applied: dict[int, list[int]] = {}
        self.outbox = {kept.command.client_id: kept for kept in map(_kept, start.get("outbox", []))}
        self.acked: dict[str, int] = {}
        self.failed: dict[str, str] = {}
        self.reconnects = 0
        self.transmitted: list[dict[str, Any]] = []
        held = Held(epoch=self.epoch, token=self.token, positions=self.positions, outbox=list(self.outbox.values()))
        identity = Identity(
            user_id=UserId(story["user_id"]), device_id=DeviceId(story["device_id"]), client=ClientName("vectors", "1")
        )
        self.link = Link(identity, held, history=History(story.get("history", "newest")), random=Random(1))

    def step(self, step: dict[str, Any]) -> None:
        self.now = step["at"]
        for name, act in self._acts().items():
            if name in step:
                self.do(act(step))

    def _acts(self) -> dict[str, Any]:
        link = self.link
        return {
            "wake": lambda _: link.wake(self.now),
            "connected": lambda step: link.connected(self.now, step["connected"]),
            "frame": self._frame,
            "closed": lambda step: link.closed(self.now, step["closed"]),
            "tick": lambda _: link.tick(self.now),
            "send": lambda step: link.send(self.now, _command(step["send"]), ordered=step.get("ordered", True)),
            "read": lambda step: link.read(self.now, *step["read"]),
            "fill": lambda step: link.fill(self.now, *step["fill"]),
            "focus": lambda step: link.focus(self.now, step["focus"]),
        }

    def _frame(self, step: dict[str, Any]) -> list[Action]:
        frame = dict(step["frame"])
        if "answers" in step:
            frame["id"] = next(sent["id"] for sent in reversed(self.transmitted) if sent["type"] == step["answers"])
        (decoded,) = decode(msgspec.json.encode(frame))
        return self.link.frame(self.now, decoded)

    def do(self, actions: list[Action]) -> None:
        durable = [action for action in actions if isinstance(action, DURABLE)]
        assert actions[: len(durable)] == durable, "what is durable comes first"
        for action in durable:
            self._keep(action)
        for action in actions[len(durable) :]:
            match action:
                case Recall(asks):
                    rows = [row for ask in asks if (row := self._newest(*ask)) is not None]
                    self.do(self.link.recalled(self.now, rows))
                case Transmit(frame):
                    self.transmitted.append(msgspec.json.decode(msgspec.json.encode(frame)))
                case Connect():
                    self.reconnects += 1
                case _:
                    pass

    def _keep(self, action: Durable) -> None:
        match action:
            case Keep(command, ordered):
                self.outbox[command.client_id] = Kept(command, ordered)
            case Acked(client_id, _, seq):
                self.acked[str(client_id)] = seq
                self.outbox.pop(client_id)
            case Settled():
                pass
            case Failed(client_id, error):
                self.failed[str(client_id)] = error.code
                self.outbox.pop(client_id)
            case Apply(conversation_id, entries, position):
                self.positions[conversation_id] = position
                self.applied.setdefault(conversation_id, []).extend(entry.seq for entry in entries)
                self.keys |= {(conversation_id, entry.seq): (entry.client_id, entry.created_at) for entry in entries}
            case Truncate(conversation_id, after, position):
                self.positions[conversation_id] = position
                self.applied[conversation_id] = [seq for seq in self.applied.get(conversation_id, []) if seq <= after]
                self.keys = {at: key for at, key in self.keys.items() if at[0] != conversation_id or at[1] <= after}
            case SaveToken(epoch, token):
                self.epoch, self.token = epoch, token

    def _newest(self, conversation_id: int, seq: int) -> Any:
        below = [at for at in self.keys if at[0] == conversation_id and at[1] <= seq]
        return (*max(below), *self.keys[max(below)]) if below else None

    def state(self) -> dict[str, Any]:
        return {
            "state": self.link.state.value,
            "epoch": self.epoch,
            "token": self.token,
            "conversations": {
                str(id_): {
                    "cursor": position.cursor,
                    "head": position.head,
                    "holes": [list(hole) for hole in position.holes],
                    "read": position.read,
                    "unread": position.unread,
                    "entries": self.applied.get(id_, []),
                }
                | ({"mentions": position.mentions} if position.mentions else {})
                for id_, position in sorted(self.positions.items())
            },
            "outbox": [str(client_id) for client_id in self.outbox],
            "acked": self.acked,
            "failed": self.failed,
            "reconnects": self.reconnects,
            "transmitted": [_said(frame) for frame in self.transmitted],
        }


def _command(wish: dict[str, Any]) -> Any:
    return msgspec.convert({**wish, "id": 0}, OutboxCommand)


def _kept(row: dict[str, Any]) -> Kept:
    return Kept(_command(row["command"]), row.get("ordered", True), row.get("seq"))


def _said(frame: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in frame.items() if name not in {"id", "client"} and value not in UNSAID}


@pytest.mark.promise("L3")
@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_the_link_comes_to_the_recorded_state(path: Path) -> None:
    story = msgspec.json.decode(path.read_bytes())
    runner = Runner(story)
    for step in story["steps"]:
        runner.step(step)
    assert runner.state() == story["expected"]


def test_there_are_stories_of_every_rule() -> None:
    rules = {rule for path in FOLDER.glob("*.json") for rule in msgspec.json.decode(path.read_bytes())["rules"]}
    assert rules == set(range(1, 9))
