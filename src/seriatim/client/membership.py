"""Who is in conversations and what keeps order in them: inviting, joining, links, moderation; part of a Client."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any

from seriatim.client.http import LONGEST_PAGE, Http
from seriatim.core.ids import ConversationId, UserId, uuid7
from seriatim.protocol.commands import Invite, Join, Leave, Remove, SetRole, SetSettings
from seriatim.protocol.fields import Role
from seriatim.protocol.http.groups import Group, Groups
from seriatim.protocol.http.invitations import (
    AskToJoin,
    ConversationInvitation,
    ConversationInvitations,
    InvitationPreview,
    JoinRequest,
    JoinRequests,
    NewInvitation,
)
from seriatim.protocol.http.moderation import (
    Audit,
    AuditRow,
    Ban,
    Bans,
    Blocks,
    NewReport,
    Report,
    Reports,
    Resolution,
    Resolve,
    Silence,
    SilencedMember,
    Silences,
)
from seriatim.protocol.link import Acked, OutboxCommand
from seriatim.protocol.resources import User


class Membership:
    """What makes an entry is kept, sent and answered as `Client.submit` says, and raises what it raises.

    Everything else is asked over HTTP.

    Raises, from everything that asks:
        ChatError: the server refused; Unavailable: it could not be reached, try again.
    """

    def __init__(self, submit: Callable[[OutboxCommand], Awaitable[Acked]], http: Http) -> None:
        self._submit = submit
        self._http = http

    # --- entries ------------------------------------------------------------------------------------------------------

    async def invite(self, conversation_id: ConversationId, *user_ids: UserId, role: Role = Role.MEMBER) -> Acked:
        """Add people to a conversation, 100 at most, in one entry; a guest's account only with the role `guest`."""
        return await self._submit(
            Invite(id=0, client_id=uuid7(), conversation_id=conversation_id, user_ids=list(user_ids), role=role)
        )

    async def join(self, conversation_id: ConversationId, invitation: str | None = None) -> Acked:
        """Become a member of a public channel, or of any conversation with the token of an invitation to it."""
        return await self._submit(Join(id=0, client_id=uuid7(), conversation_id=conversation_id, invitation=invitation))

    async def leave(self, conversation_id: ConversationId) -> Acked:
        """Stop being a member; what was readable stays readable."""
        return await self._submit(Leave(id=0, client_id=uuid7(), conversation_id=conversation_id))

    async def remove(self, conversation_id: ConversationId, user_id: UserId, *, ban: bool = False) -> Acked:
        """Take somebody out; with a ban he cannot come back."""
        return await self._submit(
            Remove(id=0, client_id=uuid7(), conversation_id=conversation_id, user_id=user_id, ban=ban)
        )

    async def set_role(self, conversation_id: ConversationId, user_id: UserId, role: Role) -> Acked:
        """Give a member another role."""
        return await self._submit(
            SetRole(id=0, client_id=uuid7(), conversation_id=conversation_id, user_id=user_id, role=role)
        )

    async def set_settings(self, conversation_id: ConversationId, **settings: Any) -> Acked:
        """Change the settings named, by the fields of `set_settings`."""
        return await self._submit(SetSettings(id=0, client_id=uuid7(), conversation_id=conversation_id, **settings))

    # --- links and requests -------------------------------------------------------------------------------------------

    async def make_invitation(
        self, conversation_id: ConversationId, wish: NewInvitation | None = None
    ) -> ConversationInvitation:
        """Make a link into a conversation; its token is told only here."""
        path = f"/v1/conversations/{conversation_id}/invitations"
        return await self._http.ask("POST", path, ConversationInvitation, body=wish or NewInvitation())

    async def invitations(self, conversation_id: ConversationId) -> list[ConversationInvitation]:
        """Return the links that are still good: one's own, or all to who moderates."""
        path = f"/v1/conversations/{conversation_id}/invitations"
        return (await self._http.ask("GET", path, ConversationInvitations)).invitations

    async def revoke_invitation(self, conversation_id: ConversationId, invitation_id: int) -> None:
        """End a link."""
        await self._do("DELETE", f"/v1/conversations/{conversation_id}/invitations/{invitation_id}")

    async def preview(self, token: str) -> InvitationPreview:
        """Return where a link leads."""
        return await self._http.ask("GET", f"/v1/invitations/{token}", InvitationPreview)

    async def follow(self, token: str) -> Acked:
        """Join by a link."""
        return await self.join((await self.preview(token)).conversation_id, token)

    async def ask_to_join(self, conversation_id: ConversationId, words: str = "") -> None:
        """Ask to be let into a listed channel."""
        await self._do("POST", f"/v1/conversations/{conversation_id}/join-requests", AskToJoin(words=words))

    async def join_requests(self, conversation_id: ConversationId) -> list[JoinRequest]:
        """Return who asks to be let in; `invite` answers a request."""
        pages = self._http.pages(f"/v1/conversations/{conversation_id}/join-requests", JoinRequests, LONGEST_PAGE)
        return [one async for page in pages for one in page.requests]

    async def refuse(self, conversation_id: ConversationId, user_id: UserId) -> None:
        """Refuse a request to join, or take back one's own."""
        await self._do("DELETE", f"/v1/conversations/{conversation_id}/join-requests/{user_id}")

    # --- moderation ---------------------------------------------------------------------------------------------------

    async def silence(self, conversation_id: ConversationId, user_id: UserId, until: datetime | None) -> None:
        """Let a member only read until then; None: let him speak."""
        path = f"/v1/conversations/{conversation_id}/silences/{user_id}"
        if until is None:
            await self._do("DELETE", path)
        else:
            await self._do("PUT", path, Silence(until=until))

    async def silences(self, conversation_id: ConversationId) -> list[SilencedMember]:
        """Return the members who are silenced now."""
        return (await self._http.ask("GET", f"/v1/conversations/{conversation_id}/silences", Silences)).silences

    async def ban(self, conversation_id: ConversationId, user_id: UserId) -> None:
        """Keep somebody out who is not in."""
        await self._do("PUT", f"/v1/conversations/{conversation_id}/bans/{user_id}")

    async def lift_ban(self, conversation_id: ConversationId, user_id: UserId) -> None:
        """Let somebody be invited and join again."""
        await self._do("DELETE", f"/v1/conversations/{conversation_id}/bans/{user_id}")

    async def bans(self, conversation_id: ConversationId) -> list[Ban]:
        """Return who is banned, by user id."""
        pages = self._http.pages(f"/v1/conversations/{conversation_id}/bans", Bans, LONGEST_PAGE)
        return [one async for page in pages for one in page.bans]

    async def block(self, user_id: UserId) -> None:
        """Let a person neither write to this user directly, nor add him anywhere, nor see his presence."""
        await self._do("PUT", f"/v1/blocks/{user_id}")

    async def unblock(self, user_id: UserId) -> None:
        """Take a block back."""
        await self._do("DELETE", f"/v1/blocks/{user_id}")

    async def blocked(self) -> list[User]:
        """Return whom this user has blocked, in the order of names."""
        return (await self._http.ask("GET", "/v1/blocks", Blocks)).users

    async def report(self, conversation_id: ConversationId, seq: int, words: str = "") -> None:
        """Let moderators look at a message."""
        await self._do("POST", f"/v1/conversations/{conversation_id}/reports", NewReport(seq=seq, words=words))

    async def reports(self, conversation_id: ConversationId | None) -> list[Report]:
        """Return the open reports of a conversation, or (None), as an admin of the server, of all; the oldest first."""
        path = "/v1/admin/reports" if conversation_id is None else f"/v1/conversations/{conversation_id}/reports"
        return [one async for page in self._http.pages(path, Reports, LONGEST_PAGE) for one in page.reports]

    async def take_report(self, report_id: int) -> None:
        """Say that one deals with a report."""
        await self._do("POST", f"/v1/reports/{report_id}/take")

    async def resolve_report(self, report_id: int, resolution: Resolution) -> None:
        """Take a report out of the queue."""
        await self._do("POST", f"/v1/reports/{report_id}/resolve", Resolve(resolution=resolution))

    async def audit(self, conversation_id: ConversationId | None) -> AsyncIterator[AuditRow]:
        """Return what moderators did in a conversation, or (None) anywhere, the newest first, page after page."""
        path = "/v1/admin/audit" if conversation_id is None else f"/v1/conversations/{conversation_id}/audit"
        async for page in self._http.pages(path, Audit, LONGEST_PAGE):
            for one in page.acts:
                yield one

    async def groups(self) -> list[Group]:
        """Return all groups of people, in the order of their names."""
        return (await self._http.ask("GET", "/v1/groups", Groups)).groups

    async def _do(self, method: str, path: str, body: Any = None) -> None:
        await self._http.ask(method, path, type(None), body=body)
