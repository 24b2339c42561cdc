"""Invitation links: made, shown, revoked; who follows one sends `join` with its token."""

import hashlib
import secrets
from typing import Final

import msgspec

from seriatim.core.errors import Conflict, Forbidden, Gone, NotFound
from seriatim.core.ids import ConversationId, UserId, random_id
from seriatim.features.invitations import rules, store
from seriatim.log.access import Access, Action, Settings, allowed, authorize
from seriatim.log.moderation.audit import Act, audited
from seriatim.protocol.http.invitations import ConversationInvitation, InvitationPreview, NewInvitation
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection

LINKS: Final = 100
"""Most good links of one conversation."""


async def make(
    connection: Connection, sender: Sender, conversation_id: ConversationId, wish: NewInvitation
) -> ConversationInvitation:
    """Make a link and return it with its token (128 bits), which is told only here.

    Raises:
        BadRequest, Forbidden: the sender may not invite here, or not with this role.
        NotFound: no such conversation, or he may not know of it.
        Conflict: `full`: 100 links are good already.
    """
    access = await authorize(connection, sender.user_id, conversation_id, Action.INVITE)
    assert access.role is not None
    rules.grant(access.role, wish.role)
    if await store.count_good(connection, conversation_id) >= LINKS:
        raise Conflict(f"at most {LINKS} links at once: revoke one first", reason="full")
    token = secrets.token_urlsafe(16)
    made = await store.add(connection, conversation_id, sender.user_id, wish, (random_id(), hash_of(token)))
    details = {"invitation_id": made.invitation_id, "role": wish.role}
    await audited(connection, sender.user_id, Act.MAKE_INVITATION, conversation_id, details=details)
    return msgspec.structs.replace(made, token=token)


async def listed(
    connection: Connection, sender: Sender, conversation_id: ConversationId
) -> list[ConversationInvitation]:
    """Return the good links, the newest first: one's own, or all to who moderates here.

    Raises:
        NotFound, Forbidden: as for inviting.
    """
    access = await authorize(connection, sender.user_id, conversation_id, Action.INVITE)
    return await store.good(connection, conversation_id, _made_by(access, sender), LINKS)


async def revoke(connection: Connection, sender: Sender, conversation_id: ConversationId, invitation_id: int) -> None:
    """End a link that is one's own, or any as who moderates here; who came in by it stays.

    Raises:
        NotFound, Forbidden: as for inviting; there is no such good link (`$.invitation_id`).
    """
    access = await authorize(connection, sender.user_id, conversation_id, Action.INVITE)
    if not await store.revoke(connection, conversation_id, invitation_id, _made_by(access, sender)):
        raise NotFound("no such invitation", path="$.invitation_id")
    details = {"invitation_id": invitation_id}
    await audited(connection, sender.user_id, Act.REVOKE_INVITATION, conversation_id, details=details)


async def preview(connection: Connection, sender: Sender, token: str) -> InvitationPreview:
    """Return where a link leads.

    Raises:
        NotFound: no such link.
        Gone: it was revoked, is too old or used up.
        Forbidden: `banned` from there.
    """
    found = await store.shown(connection, hash_of(token), sender.user_id)
    if found is None:
        raise unknown()
    if found.is_banned:
        raise Forbidden("you are banned from this conversation", path="$.token", reason="banned")
    if not found.is_good:
        raise Gone("this invitation was revoked, is too old or used up", path="$.token", reason="invitation")
    return found.preview


def hash_of(token: str) -> bytes:
    """Return what the server keeps of a token."""
    return hashlib.sha256(token.encode()).digest()


def unknown() -> NotFound:
    """Return the refusal of a token that leads nowhere."""
    return NotFound("there is no such invitation", path="$.token", reason="invitation")


def _made_by(access: Access, sender: Sender) -> UserId | None:
    """Return whose links this member deals with; None: everybody's."""
    assert access.role is not None
    return None if allowed(access.role, access.kind, Action.MODERATE, Settings()) else sender.user_id
