"""Ways into a conversation: invitation links, and requests to join."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from seriatim.core.ids import ConversationId, UserId
from seriatim.protocol.fields import ConversationKind, Role, Words

LIFE_S = 604_800
LONGEST_LIFE_S = 31_536_000


class NewInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """A link into a conversation, good for a week unless said otherwise; only an owner makes one for admins."""

    role: Role = Role.MEMBER
    life_s: Annotated[int, Meta(ge=60, le=LONGEST_LIFE_S, description="seconds until it expires")] = LIFE_S
    most_uses: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    """How many may follow it; absent: as many as there is room for."""


class ConversationInvitation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A link into a conversation as those see it who made it or moderate there."""

    invitation_id: int
    role: Role
    created_by: UserId
    created_at: datetime
    expires_at: datetime
    use_count: int
    most_uses: int | None = None
    token: str | None = None
    """128 random bits, told only when it is made: the server keeps no more than a hash of them."""


class ConversationInvitations(msgspec.Struct, frozen=True, kw_only=True):
    """The links that are still good, the newest first."""

    invitations: list[ConversationInvitation]


class InvitationPreview(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a link leads, for somebody who may follow it."""

    conversation_id: ConversationId
    kind: ConversationKind
    title: str | None = None
    topic: str | None = None
    member_count: int
    role: Role
    expires_at: datetime
    is_member: bool = False
    """The caller is in already."""


class FollowInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """Join by a link; `client_id` may also come as `Idempotency-Key`."""

    client_id: UUID | None = None


class AskToJoin(msgspec.Struct, frozen=True, kw_only=True):
    """A request to be let into a listed channel, with a few words to those who decide."""

    words: Words = ""


class JoinRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who asks to be let in."""

    user_id: UserId
    name: str
    words: str
    created_at: datetime


class JoinRequests(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of requests by user id; `cursor` asks for the next one and is absent on the last."""

    requests: list[JoinRequest]
    cursor: str | None = None
