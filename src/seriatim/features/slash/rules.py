"""What a called bot is told, and how its answer is read: pure."""

from datetime import datetime
from typing import Final, Literal, NamedTuple

import msgspec

from seriatim.core.ids import ConversationId, UserId
from seriatim.protocol.commands import Slash
from seriatim.protocol.limits import SLASH_CODE_POINTS

BUILT_IN: Final = frozenset({"me", "shrug", "invite", "topic"})
"""Commands that the clients answer themselves."""


class SlashCall(msgspec.Struct, frozen=True, kw_only=True):
    """Who called what, and where."""

    conversation_id: ConversationId
    user_id: UserId
    bot_id: UserId
    name: str
    text: str


class Called(msgspec.Struct, frozen=True, kw_only=True):
    """The body that is posted (Standard Webhooks)."""

    type: Literal["slash"] = "slash"
    timestamp: datetime
    data: SlashCall


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a URL answers, as Slack's do: `in_channel` is said to all, everything else to the caller."""

    text: str = ""
    response_type: str = "ephemeral"


class Answered(NamedTuple):
    """What the bot says, and to whom."""

    text: str
    to_all: bool


_answers: Final = msgspec.json.Decoder(_Answer)


def call_body(command: Slash, user_id: UserId, bot_id: UserId, now: datetime) -> bytes:
    """Return the body that is posted to the bot."""
    data = SlashCall(
        conversation_id=command.conversation_id,
        user_id=user_id,
        bot_id=bot_id,
        name=command.name,
        text=command.text,
    )
    return msgspec.json.encode(Called(timestamp=now, data=data))


def answered(status: int, body: bytes) -> Answered | None:
    """Read an answer; an empty one says nothing. None: it is none that we understand."""
    if status // 100 != 2:  # noqa: PLR2004 - 2xx
        return None
    if not body.strip():
        return Answered("", to_all=False)
    try:
        answer = _answers.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    text = answer.text.replace("\0", "")
    to_all = answer.response_type == "in_channel" and bool(text.strip())
    return Answered(text if to_all else text[:SLASH_CODE_POINTS], to_all=to_all)
