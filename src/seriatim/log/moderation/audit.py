"""The audit: every act of a moderator, written in the transaction of the act itself, so that none lacks its row."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, LiteralString

import msgspec
from psycopg.rows import class_row

from seriatim.core.ids import ConversationId, UserId
from seriatim.protocol.http.moderation import AuditRow
from seriatim.storage.postgres.database import Connection

AUDITED: LiteralString = """-- audited
insert into audit (actor_id, act, conversation_id, user_id, details)
values (%(actor_id)s, %(act)s, %(conversation_id)s, %(user_id)s, %(details)s)"""

# By primary key, the newest first; one of the two conditions is the index audit_by_conversation.
AUDIT_PAGE: LiteralString = """-- audit page
select a.id as audit_id, a.at, a.actor_id, a.act, a.conversation_id, a.user_id, a.details from audit a
where a.id < %(before)s order by a.id desc limit %(limit)s"""
AUDIT_OF_CONVERSATION: LiteralString = """-- audit of conversation
select a.id as audit_id, a.at, a.actor_id, a.act, a.conversation_id, a.user_id, a.details from audit a
where a.conversation_id = %(conversation_id)s and a.id < %(before)s order by a.id desc limit %(limit)s"""


class Act(StrEnum):
    """What is audited."""

    REMOVE = "remove"
    BAN = "ban"
    UNBAN = "unban"
    SILENCE = "silence"
    UNSILENCE = "unsilence"
    SET_ROLE = "set_role"
    SET_SETTINGS = "set_settings"
    DELETE = "delete"
    """Of another's message."""
    MAKE_INVITATION = "make_invitation"
    REVOKE_INVITATION = "revoke_invitation"
    REFUSE_REQUEST = "refuse_request"
    READ_REPORTS = "read_reports"
    """By an admin of the server, who is shown what was reported anywhere."""
    TAKE_REPORT = "take_report"
    RESOLVE_REPORT = "resolve_report"
    INVITE_TO_SERVER = "invite_to_server"
    MAKE_RESET_LINK = "make_reset_link"
    MAKE_BOT = "make_bot"
    RENEW_BOT = "renew_bot"
    CHANGE_BOT = "change_bot"
    REMOVE_BOT = "remove_bot"
    MAKE_WEBHOOK = "make_webhook"
    REMOVE_WEBHOOK = "remove_webhook"
    SET_GROUP = "set_group"
    DELETE_GROUP = "delete_group"
    ADD_EMOJI = "add_emoji"
    REMOVE_EMOJI = "remove_emoji"


async def audited(
    connection: Connection,
    actor_id: UserId,
    act: Act,
    conversation_id: ConversationId | None = None,
    *,
    user_id: UserId | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write down an act within its own transaction; `user_id` is whom it concerned, `details` what else it says."""
    await connection.execute(
        AUDITED,
        {
            "actor_id": actor_id,
            "act": act.value,
            "conversation_id": conversation_id,
            "user_id": user_id,
            "details": msgspec.json.encode(details or {}).decode(),
        },
    )


async def audit_page(
    connection: Connection, conversation_id: ConversationId | None, before: int, limit: int
) -> Sequence[AuditRow]:
    """Return acts before this one, the newest first: of one conversation, or (None) of the whole server."""
    question = AUDIT_PAGE if conversation_id is None else AUDIT_OF_CONVERSATION
    async with connection.cursor(row_factory=class_row(AuditRow)) as cursor:
        await cursor.execute(question, {"conversation_id": conversation_id, "before": before, "limit": limit})
        return await cursor.fetchall()
