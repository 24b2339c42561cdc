"""What moderators see and do, and whom one blocks."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from seriatim.core.ids import ConversationId, UserId
from seriatim.protocol.entries import Entry
from seriatim.protocol.fields import CreatedAt, Seq, Words
from seriatim.protocol.resources import User


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """Until when a member may only read."""

    until: CreatedAt


class SilencedMember(msgspec.Struct, frozen=True, kw_only=True):
    """A member who may only read for a time."""

    user_id: UserId
    name: str
    until: datetime


class Silences(msgspec.Struct, frozen=True, kw_only=True):
    """The members who are silenced now."""

    silences: list[SilencedMember]


class Ban(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who neither joins nor is invited."""

    user_id: UserId
    name: str
    banned_by: UserId
    created_at: datetime


class Bans(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of bans by user id; `cursor` asks for the next one and is absent on the last."""

    bans: list[Ban]
    cursor: str | None = None


class Blocks(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the caller has blocked, in the order of names."""

    users: list[User]


class NewReport(msgspec.Struct, frozen=True, kw_only=True):
    """A message that moderators should look at, and why."""

    seq: Seq
    words: Words = ""


class Resolution(StrEnum):
    """What became of a report."""

    NOTHING = "nothing"
    DELETED = "deleted"
    """The message was."""
    MEMBER = "member"
    """Something was done about its author."""


class Resolve(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a report."""

    resolution: Resolution


class Report(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An open report; `entry` is the message as it is now, and absent when retention took it."""

    report_id: int
    conversation_id: ConversationId
    seq: int
    reporter_id: UserId
    words: str
    created_at: datetime
    taken_by: UserId | None = None
    entry: Entry | None = None


class Reports(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of open reports, the oldest first; `cursor` asks for the next one and is absent on the last."""

    reports: list[Report]
    cursor: str | None = None


class AuditRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One act of a moderator or an admin."""

    audit_id: int
    at: datetime
    actor_id: UserId
    act: str
    conversation_id: ConversationId | None = None
    user_id: UserId | None = None
    """Whom it concerned."""
    details: dict[str, Any] = {}


class Audit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of acts, the newest first; `cursor` asks for the next one and is absent on the last."""

    acts: list[AuditRow]
    cursor: str | None = None
