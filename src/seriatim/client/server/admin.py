"""What admins of the server do: groups of people, bots, letting people in; part of a Client."""

from collections.abc import Iterable
from typing import Any

from seriatim.client.http import Http
from seriatim.core.ids import UserId
from seriatim.protocol.http.bots import Bot, Bots, BotToken, ChangeBot, NewBot
from seriatim.protocol.http.groups import ChangeGroup, Group, NewGroup
from seriatim.protocol.resources import Invitation, MailInvitation, OneTimeLink
from seriatim.protocol.sender import Scope


class Admin:
    """Only for admins of the server; everything is asked over HTTP.

    Reports and audit of all conversations: `Membership.reports(None)`, `Membership.audit(None)`. Emoji: `Http`.

    Raises, from everything:
        Forbidden: the user is no admin of the server.
        ChatError: the server refused; Unavailable: it could not be reached, try again.
    """

    def __init__(self, http: Http) -> None:
        self._http = http

    async def make_group(self, name: str, user_ids: Iterable[UserId]) -> Group:
        """Make a group of at most 50 people who are mentioned by one name."""
        return await self._http.ask("POST", "/v1/groups", Group, body=NewGroup(name=name, user_ids=list(user_ids)))

    async def change_group(self, group_id: int, change: ChangeGroup) -> Group:
        """Change what is named of a group, and return it as it is now.

        Raises:
            Conflict: `name_taken`, or `changed`: other people are in it than `seen_user_ids`.
        """
        return await self._http.ask("PATCH", f"/v1/groups/{group_id}", Group, body=_named(change))

    async def delete_group(self, group_id: int) -> None:
        """Delete a group; its people and what they wrote stay."""
        await self._http.ask("DELETE", f"/v1/groups/{group_id}", type(None))

    async def bots(self) -> list[Bot]:
        """Return all bots, in the order of their names."""
        return (await self._http.ask("GET", "/v1/admin/bots", Bots)).bots

    async def make_bot(self, name: str, scopes: Iterable[Scope] = (Scope.READ, Scope.SEND, Scope.REACT)) -> BotToken:
        """Make a bot; its token is told only here."""
        return await self._http.ask("POST", "/v1/admin/bots", BotToken, body=NewBot(name=name, scopes=list(scopes)))

    async def change_bot(self, user_id: UserId, scopes: Iterable[Scope]) -> Bot:
        """Let a bot's token be good for this from now on; its connections close, and it comes back by itself."""
        return await self._http.ask("PATCH", f"/v1/admin/bots/{user_id}", Bot, body=ChangeBot(scopes=list(scopes)))

    async def renew_bot(self, user_id: UserId) -> BotToken:
        """Give a bot another token; the one before ends."""
        return await self._http.ask("POST", f"/v1/admin/bots/{user_id}/token", BotToken)

    async def remove_bot(self, user_id: UserId) -> None:
        """End a bot; what it said stays."""
        await self._http.ask("DELETE", f"/v1/admin/bots/{user_id}", type(None))

    async def invite(self, *, guest: bool = False) -> Invitation:
        """Make an invitation to sign up, as a guest or a full member; its secret is told only here."""
        params = {"guest": str(guest).lower()}
        return await self._http.ask("POST", "/v1/admin/invitations", Invitation, params=params)

    async def mail_invitation(self, address: str, *, guest: bool = False) -> None:
        """Have an invitation to sign up mailed to an address."""
        body = MailInvitation(address=address, guest=guest)
        await self._http.ask("POST", "/v1/admin/invitations/mail", type(None), body=body)

    async def make_reset_link(self, user_id: UserId) -> OneTimeLink:
        """Make a link with which somebody sets a new password, good for 15 minutes; it is told only here."""
        return await self._http.ask("POST", f"/v1/admin/users/{user_id}/reset-link", OneTimeLink)


def _named(change: ChangeGroup) -> dict[str, Any]:
    """Return what is to be different: an absent part stays, and `null` is none."""
    values = {"name": change.name, "user_ids": change.user_ids, "seen_user_ids": change.seen_user_ids}
    return {name: value for name, value in values.items() if value is not None}
