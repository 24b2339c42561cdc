"""What bots have besides: a token that does not expire, and commands that people call."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Final

import msgspec

from seriatim.client.access import Access
from seriatim.client.http import Http
from seriatim.client.store import Account, Store
from seriatim.core.clock import SystemClock
from seriatim.core.errors import Unauthenticated, Unavailable
from seriatim.core.ids import MAX_ID
from seriatim.protocol.answers import ServerFrame, SlashCalled
from seriatim.protocol.commands import AnswerSlash
from seriatim.protocol.http.bots import NewSlashCommand, NewSlashCommands, SlashSecret
from seriatim.protocol.link import Action, Transmit
from seriatim.protocol.resources import Me

WAITING: Final = 1_000
"""Most calls that wait for the program; the oldest are dropped, for nobody waits for them longer than 3 s."""


class BotAccess(Access):
    """The account of a bot, and its token."""

    def __init__(self, store: Store, account: Account, http: Http, token: str) -> None:
        super().__init__(store, account, http, SystemClock())
        self._bot_token = token

    @classmethod
    async def of_token(cls, token: str, url: str, store: Store, http: Http) -> "BotAccess":
        """Ask the server whose token it is; while it is away, believe the store.

        Raises:
            Unauthenticated: nobody's.
            Unavailable: the server is away, and the store does not know the bot.
        """

        async def given() -> str:
            return token

        http.token = given
        account = store.account()
        try:
            me = await http.ask("GET", "/v1/me", Me)
        except Unavailable:
            if account is None:
                raise
        else:
            account = Account(url=url, user_id=me.user_id, device_id=me.device_id, name=me.name, refresh_token="")
            store.save_account(account)
        return cls(store, account, http, token)

    async def token(self) -> str:
        """Return the token."""
        return self._bot_token

    def forget(self) -> None:
        """Learn that the token was refused.

        Raises:
            Unauthenticated: there is no other.
        """
        raise Unauthenticated("this bot has another token, or is gone", reason="bot_token")

    def renew_in_s(self) -> float | None:
        """Return None: it does not expire."""
        return None


class Calls:
    """The slash commands of a bot that is connected: offered, called, answered; part of a Client."""

    def __init__(self, http: Http, do: Callable[[Sequence[Action]], None]) -> None:
        self._http = http
        self._do = do
        self._called: asyncio.Queue[SlashCalled] = asyncio.Queue(WAITING)

    async def offer(self, commands: Iterable[NewSlashCommand]) -> str:
        """Offer these commands and no others any more; return the secret that signs calls at a URL.

        Raises:
            BadRequest, Conflict: a name is wrong or taken; nothing changed.
            Forbidden: this user is no bot.
            Unavailable: the server cannot be reached.
        """
        body = msgspec.to_builtins(NewSlashCommands(commands=list(commands)))
        return (await self._http.ask("PUT", "/v1/bots/self/slash-commands", SlashSecret, body=body)).secret

    async def __aiter__(self) -> AsyncIterator[SlashCalled]:
        """Yield every call, for ever; `answer` each within 3 s. A call made while this bot is away is never seen."""
        while True:
            yield await self._called.get()

    def answer(self, call: SlashCalled, text: str = "") -> None:
        """Answer a call, with `text` that only its caller sees; without a connection nobody is answered."""
        self._do([Transmit(AnswerSlash(id=MAX_ID, call_id=call.call_id, text=text))])

    def hear(self, frame: ServerFrame) -> None:
        """Take a call."""
        if isinstance(frame, SlashCalled):
            if self._called.full():
                self._called.get_nowait()
            self._called.put_nowait(frame)
