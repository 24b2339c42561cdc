"""What the SDK asks over HTTP: signing in, fresh tokens, and the lists that are no part of the log."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any, BinaryIO, Literal, Protocol, TypeVar

import httpx
import msgspec

from seriatim.core.errors import BadQuery, ChatError, RateLimited, Unavailable
from seriatim.core.ids import MAX_ID, ConversationId, DeviceId, UserId
from seriatim.protocol.answers import Error, Page
from seriatim.protocol.http.emoji import CustomEmoji, CustomEmojis, NewEmoji
from seriatim.protocol.http.threads import Followers, Thread, Threads
from seriatim.protocol.limits import LIMITS
from seriatim.protocol.link.refusals import error_of
from seriatim.protocol.own.export import Export
from seriatim.protocol.resources import (
    ChangeMe,
    Conversation,
    Conversations,
    Credentials,
    LogIn,
    Me,
    Member,
    Members,
    MessageTrace,
    NewDevice,
    Problem,
    Refresh,
    SignUp,
    User,
    Users,
)

ANSWER_WITHIN_S = 20.0
LONGEST_PAGE = {"limit": str(LIMITS.page_entries)}
PAGE_TRIES = 10
RETRY_MS = 1_000
SIGNING_IN = {"/v1/auth/sign-up", "/v1/auth/log-in", "/v1/auth/refresh"}
"""What gives a token, and takes none."""


class Paged(Protocol):
    """A page of a list."""

    @property
    def cursor(self) -> str | None:
        """Asks for the next one; None on the last."""
        ...


_T = TypeVar("_T")
_P = TypeVar("_P", bound=Paged)


class Http:
    """The server's HTTP side for one program.

    Raises, from every method:
        ChatError: the server refused; the code is the one of the socket.
        Unavailable: it could not be reached, or not in time.
    """

    def __init__(self, url: str) -> None:
        self._client = httpx.AsyncClient(base_url=url.rstrip("/"), timeout=ANSWER_WITHIN_S)
        self.token: Callable[[], Awaitable[str]] | None = None
        """Gives an access token for what needs one."""

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def sign_up(self, name: str, password: str, device: NewDevice, invitation: str | None) -> Credentials:
        """Make an account, with its first device."""
        body = SignUp(name=name, password=password, device=device, invitation=invitation)
        return await self.ask("POST", "/v1/auth/sign-up", Credentials, body=body)

    async def log_in(self, name: str, password: str, device: NewDevice) -> Credentials:
        """Make a new device of an account."""
        body = LogIn(name=name, password=password, device=device)
        return await self.ask("POST", "/v1/auth/log-in", Credentials, body=body)

    async def refresh(self, device_id: DeviceId, refresh_token: str) -> Credentials:
        """Exchange a refresh token; the old one stays good until the new one is first used."""
        body = Refresh(device_id=device_id, refresh_token=refresh_token)
        return await self.ask("POST", "/v1/auth/refresh", Credentials, body=body)

    async def conversations(self) -> list[Conversation]:
        """Return the user's conversations, the newest first."""
        pages = self.pages("/v1/conversations", Conversations, LONGEST_PAGE)
        return [one async for page in pages for one in page.conversations]

    async def conversation(self, conversation_id: ConversationId) -> Conversation:
        """Return one conversation, as far as the user may see it."""
        return await self.ask("GET", f"/v1/conversations/{conversation_id}", Conversation)

    async def channels(self, *, name: str = "", word: str = "", limit: int = 200) -> list[Conversation]:
        """Return public and listed channels in the order of their titles, at most `limit` and a page.

        Those whose title begins with `name`, and that have `word` somewhere in their title or topic.
        """
        params = LONGEST_PAGE | {key: value for key, value in (("name", name), ("word", word)) if value}
        found: list[Conversation] = []
        async for page in self.pages("/v1/channels", Conversations, params):
            found += page.conversations
            if len(found) >= limit:
                break
        return found

    async def members(self, conversation_id: ConversationId) -> list[Member]:
        """Return the members of a conversation, by user id."""
        pages = self.pages(f"/v1/conversations/{conversation_id}/members", Members, LONGEST_PAGE)
        return [one async for page in pages for one in page.members]

    async def threads(self, conversation_id: ConversationId) -> list[Thread]:
        """Return the threads of a conversation, the last reply first, the newest 200 of them."""
        return (await self.page(f"/v1/conversations/{conversation_id}/threads", Threads, LONGEST_PAGE)).threads

    async def thread(self, conversation_id: ConversationId, thread_seq: int, *, before: int = MAX_ID) -> Page:
        """Return the message and the newest 200 replies to it, those below `before`, as the server has them now."""
        params = LONGEST_PAGE | {"thread_seq": str(thread_seq), "before": str(before)}
        return await self.page(f"/v1/conversations/{conversation_id}/entries", Page, params)

    async def followers(self, conversation_id: ConversationId, thread_seq: int) -> list[User]:
        """Return who follows the thread of this message, by user id."""
        path = f"/v1/conversations/{conversation_id}/threads/{thread_seq}/followers"
        return [one async for page in self.pages(path, Followers, LONGEST_PAGE) for one in page.followers]

    async def trace(self, conversation_id: ConversationId, seq: int) -> MessageTrace:
        """Return the hops of a message that was sent with `trace`, lately."""
        return await self.ask("GET", f"/v1/conversations/{conversation_id}/entries/{seq}/trace", MessageTrace)

    async def me(self) -> Me:
        """Return the user: what he is called, and what he logs in with."""
        return await self.ask("GET", "/v1/me", Me)

    async def change_me(self, display_name: str) -> Me:
        """Call the user by another name (1 to 64 characters); he logs in with the one that he signed up with.

        Raises:
            Conflict: somebody else is called so, or logs in with it.
        """
        return await self.ask("PATCH", "/v1/me", Me, body=ChangeMe(display_name=display_name))

    async def users(self, name: str) -> list[User]:
        """Find people by the beginning of their name, best match first."""
        return (await self.ask("GET", "/v1/users", Users, params={"name": name})).users

    async def users_of(self, user_ids: Iterable[UserId]) -> list[User]:
        """Return the people of these ids, those that exist."""
        ids = ",".join(str(user_id) for user_id in user_ids)
        return (await self.ask("GET", "/v1/users", Users, params={"ids": ids})).users

    async def emoji(self) -> list[CustomEmoji]:
        """Return the emoji of this server, in the order of their names; `path` is where their pictures are."""
        return (await self.ask("GET", "/v1/emoji", CustomEmojis)).emoji

    async def add_emoji(self, name: str, picture: bytes) -> CustomEmoji:
        """Add an emoji: a PNG, GIF, WebP or JPEG, at most 128 KiB and 512x512 pixels."""
        return await self.ask("POST", "/v1/emoji", CustomEmoji, body=NewEmoji(name=name, picture=picture))

    async def remove_emoji(self, name: str) -> None:
        """Remove an emoji; what was written with it stays as text."""
        await self.ask("DELETE", f"/v1/emoji/{name}", type(None))

    async def ask_export(self) -> Export:
        """Have all that the user may read and what is kept of him alone made into an archive, once a day."""
        return await self.ask("POST", "/v1/me/export", Export)

    async def export(self) -> Export:
        """Return how far the user's export is; `download` what is at its `path` once it is done."""
        return await self.ask("GET", "/v1/me/export", Export)

    async def export_conversation(
        self, conversation_id: ConversationId, file: BinaryIO, *, kind: Literal["jsonl", "html"] = "jsonl"
    ) -> None:
        """Write a conversation into a file, as far as the user may read it."""
        await self.download(f"/v1/conversations/{conversation_id}/export", file, params={"format": kind})

    async def download(self, path: str, file: BinaryIO, *, params: dict[str, str] | None = None) -> None:
        """Write what is at this path into a file, piece by piece; whatever is raised, the file is not whole."""
        headers = {} if self.token is None else {"Authorization": f"Bearer {await self.token()}"}
        try:
            async with self._client.stream("GET", path, params=params, headers=headers) as found:
                if not found.is_success:
                    await found.aread()
                    raise _refusal(found)
                async for piece in found.aiter_bytes():
                    file.write(piece)
        except httpx.HTTPError as error:
            raise Unavailable(f"the server cannot be reached: {error or type(error).__name__}") from error

    async def pages(self, path: str, answer: type[_P], params: Mapping[str, str]) -> AsyncIterator[_P]:
        """Yield the pages of a list, one after the other."""
        asked = dict(params)
        while True:
            page = await self.page(path, answer, asked)
            yield page
            if page.cursor is None:
                return
            asked["cursor"] = page.cursor

    async def page(self, path: str, answer: type[_T], params: dict[str, str]) -> _T:
        """Return a page of a list, after the wait that its rate asks for: a long list takes many pages."""
        for _ in range(PAGE_TRIES - 1):
            try:
                return await self.ask("GET", path, answer, params=params)
            except RateLimited as error:
                await asyncio.sleep((error.retry_after_ms or RETRY_MS) / 1_000)
        return await self.ask("GET", path, answer, params=params)

    async def ask(
        self, method: str, path: str, answer: type[_T], *, body: Any = None, params: dict[str, str] | None = None
    ) -> _T:
        """Ask, as this user once there is a token, and return the answer; an empty one is None."""
        headers: dict[str, str] = {}
        if self.token is not None and path not in SIGNING_IN:
            headers["Authorization"] = f"Bearer {await self.token()}"
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = msgspec.json.encode(body)
        try:
            found = await self._client.request(method, path, content=content, params=params, headers=headers)
        except httpx.HTTPError as error:
            raise Unavailable(f"the server cannot be reached: {error or type(error).__name__}") from error
        if found.is_success:
            return msgspec.json.decode(found.content or b"null", type=answer)
        raise _refusal(found)


def _refusal(found: httpx.Response) -> ChatError:
    try:
        problem = msgspec.json.decode(found.content, type=Problem)
    except msgspec.DecodeError:
        return Unavailable(f"the server answered {found.status_code}")
    error = error_of(
        Error(
            code=problem.code,
            message=problem.detail,
            path=problem.path,
            reason=problem.reason,
            retry_after_ms=problem.retry_after_ms,
        )
    )
    if isinstance(error, BadQuery):
        error.position = problem.position or 0
    return error
