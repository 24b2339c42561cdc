"""What becomes of messages: replying, changing them, reacting, pinning, passing on, polls; who did what to them."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any

from seriatim.client.http import LONGEST_PAGE, Http
from seriatim.core.ids import ConversationId, UserId, uuid7
from seriatim.protocol.answers import Page, Slashed
from seriatim.protocol.commands import (
    ClosePoll,
    Delete,
    Edit,
    Forward,
    Pin,
    React,
    SendMessage,
    StartPoll,
    Unpin,
    Unreact,
    Vote,
)
from seriatim.protocol.entries import Entry
from seriatim.protocol.http.bots import SlashCommand, SlashCommands
from seriatim.protocol.http.messages import Pins, Reactor, Reactors, Version, Versions, Voter, Voters
from seriatim.protocol.link import Acked, OutboxCommand
from seriatim.protocol.search.results import SearchResults, SearchSort


class Messages:
    """What becomes of messages, and what the server knows of them; part of a Client.

    Each change is kept, sent and answered as `Client.submit` says, and raises what it raises; what comes of it is
    written into the entries that the device holds. `target_seq` is the message or poll meant.

    Raises, from everything that asks:
        ChatError: the server refused; Unavailable: it could not be reached, try again.
    """

    def __init__(self, submit: Callable[[OutboxCommand], Awaitable[Acked]], http: Http) -> None:
        self._submit = submit
        self._http = http

    # --- changes ------------------------------------------------------------------------------------------------------

    async def reply(
        self,
        conversation_id: ConversationId,
        thread_seq: int,
        body: str,
        *,
        broadcast: bool = False,
        mentions: Iterable[UserId] = (),
    ) -> Acked:
        """Reply in the thread of a message; `broadcast`: in the main timeline too. `mentions`: 0 is everybody."""
        command = SendMessage(
            **_on(conversation_id), body=body, thread_seq=thread_seq, broadcast=broadcast, mentions=tuple(mentions)
        )
        return await self._submit(command)

    async def edit(self, conversation_id: ConversationId, target_seq: int, body: str) -> Acked:
        """Give one's own message another body."""
        return await self._submit(Edit(**_on(conversation_id), target_seq=target_seq, body=body))

    async def delete(self, conversation_id: ConversationId, target_seq: int) -> Acked:
        """Take a message or poll away from everybody."""
        return await self._submit(Delete(**_on(conversation_id), target_seq=target_seq))

    async def react(self, conversation_id: ConversationId, target_seq: int, emoji: str) -> Acked:
        """Put one emoji, or a `:custom_name:`, on a message or poll."""
        return await self._submit(React(**_on(conversation_id), target_seq=target_seq, emoji=emoji))

    async def unreact(self, conversation_id: ConversationId, target_seq: int, emoji: str) -> Acked:
        """Take one's own emoji away again."""
        return await self._submit(Unreact(**_on(conversation_id), target_seq=target_seq, emoji=emoji))

    async def pin(self, conversation_id: ConversationId, target_seq: int) -> Acked:
        """Keep a message or poll at hand for everybody."""
        return await self._submit(Pin(**_on(conversation_id), target_seq=target_seq))

    async def unpin(self, conversation_id: ConversationId, target_seq: int) -> Acked:
        """Take a pin away again."""
        return await self._submit(Unpin(**_on(conversation_id), target_seq=target_seq))

    async def forward(self, conversation_id: ConversationId, source: tuple[ConversationId, int]) -> Acked:
        """Send on what the message at `source` (conversation, seq) says."""
        place, seq = source
        return await self._submit(Forward(**_on(conversation_id), source_conversation_id=place, source_seq=seq))

    async def start_poll(
        self,
        conversation_id: ConversationId,
        question: str,
        options: Iterable[str],
        *,
        multiple: bool = False,
        anonymous: bool = False,
        closes_at: datetime | None = None,
    ) -> Acked:
        """Ask everybody there; nobody is told who voted what in an anonymous poll."""
        return await self._submit(
            StartPoll(
                **_on(conversation_id),
                question=question,
                options=list(options),
                multiple=multiple,
                anonymous=anonymous,
                closes_at=closes_at,
            )
        )

    async def vote(self, conversation_id: ConversationId, target_seq: int, options: Iterable[int]) -> Acked:
        """Choose options by their place, 0 for the first; none takes one's vote back."""
        return await self._submit(Vote(**_on(conversation_id), target_seq=target_seq, options=list(options)))

    async def close_poll(self, conversation_id: ConversationId, target_seq: int) -> Acked:
        """End a poll before its time."""
        return await self._submit(ClosePoll(**_on(conversation_id), target_seq=target_seq))

    # --- asking -------------------------------------------------------------------------------------------------------

    async def around(self, conversation_id: ConversationId, place: int | datetime, *, limit: int = 50) -> Page:
        """Return the entries around a seq, or around the first entry of a time or later, as the server has them now."""
        where = {"at": place.isoformat()} if isinstance(place, datetime) else {"around": str(place)}
        params = where | {"limit": str(limit)}
        return await self._http.page(f"/v1/conversations/{conversation_id}/entries", Page, params)

    async def pins(self, conversation_id: ConversationId) -> list[Entry]:
        """Return the pinned messages and polls, the last pin first."""
        pages = self._http.pages(f"/v1/conversations/{conversation_id}/pins", Pins, LONGEST_PAGE)
        return [one async for page in pages for one in page.entries]

    async def versions(self, conversation_id: ConversationId, seq: int) -> list[Version]:
        """Return all that a message has said, from what was sent to the last edit."""
        pages = self._http.pages(f"{_at(conversation_id, seq)}/versions", Versions, LONGEST_PAGE)
        return [one async for page in pages for one in page.versions]

    async def reactions(self, conversation_id: ConversationId, seq: int) -> list[Reactor]:
        """Return who put which emoji on a message or poll, by emoji and user id."""
        pages = self._http.pages(f"{_at(conversation_id, seq)}/reactions", Reactors, LONGEST_PAGE)
        return [one async for page in pages for one in page.reactors]

    async def votes(self, conversation_id: ConversationId, seq: int) -> list[Voter]:
        """Return who voted what in a poll that is not anonymous, by user id."""
        pages = self._http.pages(f"{_at(conversation_id, seq)}/votes", Voters, LONGEST_PAGE)
        return [one async for page in pages for one in page.voters]

    async def search(
        self,
        query: str,
        *,
        conversation_id: ConversationId | None = None,
        sort: SearchSort = SearchSort.NEWEST,
        utc_offset_min: int = 0,
        cursor: str | None = None,
        limit: int = 20,
    ) -> SearchResults:
        """Return a page (at most 50) of what the user may read and the query finds; its language: docs/search.md.

        `utc_offset_min`: how far the user's day is ahead of UTC. `cursor`: that of the page before.

        Raises:
            BadQuery: with the position of what cannot be understood.
        """
        params: dict[str, str] = {
            "query": query, "sort": sort, "utc_offset_min": str(utc_offset_min), "limit": str(limit),
        }  # fmt: skip
        if conversation_id is not None:
            params["conversation_id"] = str(conversation_id)
        if cursor is not None:
            params["cursor"] = cursor
        return await self._http.page("/v1/search", SearchResults, params)

    async def slash_commands(self, conversation_id: ConversationId) -> list[SlashCommand]:
        """Return what bots of a conversation offer, in the order of names."""
        path = f"/v1/conversations/{conversation_id}/slash-commands"
        return (await self._http.ask("GET", path, SlashCommands)).commands

    async def slash(self, conversation_id: ConversationId, name: str, text: str = "") -> str:
        """Call a command that a bot offers (`/name text`), and return what it says to this user alone, within 3 s.

        Raises:
            NotFound: there is no such command here.
            Unavailable: the bot is away or does not answer; it may have been called.
        """
        body = {"client_id": uuid7(), "name": name, "text": text}
        path = f"/v1/conversations/{conversation_id}/slash"
        return (await self._http.ask("POST", path, Slashed, body=body)).text


def _at(conversation_id: ConversationId, seq: int) -> str:
    return f"/v1/conversations/{conversation_id}/entries/{seq}"


def _on(conversation_id: ConversationId) -> dict[str, Any]:
    """Return the fields that every command on a conversation has, with a fresh key."""
    return {"id": 0, "client_id": uuid7(), "conversation_id": conversation_id}
