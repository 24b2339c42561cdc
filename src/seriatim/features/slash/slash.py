"""Slash commands: bots offer them, people in their conversations call them; answers come from a URL or a socket."""

import secrets
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final, NamedTuple

import msgspec
from anyio import Event, fail_after

from seriatim.core.clock import Clock
from seriatim.core.errors import BadRequest, Conflict, Forbidden, NotFound, Unavailable
from seriatim.core.ids import ConversationId, UserId
from seriatim.core.signing import secret_of, shown, signed
from seriatim.delivery.broker.shared import SlashAnswered
from seriatim.features.slash import rules, store
from seriatim.features.slash.rules import Answered
from seriatim.features.slash.store import Offered
from seriatim.log.access import Action, authorize
from seriatim.protocol.answers import SlashCalled, Slashed
from seriatim.protocol.commands import AnswerSlash, SendMessage, Slash
from seriatim.protocol.http.bots import NewSlashCommand, NewSlashCommands, SlashCommands, SlashSecret
from seriatim.protocol.limits import SLASH_WITHIN_S
from seriatim.protocol.sender import Sender
from seriatim.storage.egress import Egress, Refused, Unreachable, check_url
from seriatim.storage.postgres.database import Connection, Database

CALLS: Final = 1_000
"""Most calls of a process that wait for bots on sockets."""

Send = Callable[[SendMessage, Sender], Awaitable[object]]


class Ways(NamedTuple):
    """How calls reach bots on sockets, and how their answers come back."""

    gateway: str
    """This gateway's name, which its calls carry."""
    others: Callable[[], Collection[str]]
    """Returns the names of the other gateways."""
    is_here: Callable[[UserId], bool]
    """Says whether a bot has a socket on this gateway."""
    tell: Callable[[UserId, SlashCalled], None]
    """Tells a bot's sockets, on all gateways."""
    share: Callable[[SlashAnswered], None]


class _Call(msgspec.Struct):
    """A call that waits for its bot."""

    bot_id: UserId
    answered: Event
    text: str = ""


class SlashCalls:
    """Calls bots and gives their answers back.

    Bounds: 3 s an answer, 1,000 calls waiting for bots on sockets.
    """

    def __init__(self, database: Database, egress: Egress, key: bytes, *, ways: Ways, send: Send, clock: Clock) -> None:
        self._database = database
        self._egress = egress
        self._key = key
        self._ways = ways
        self._send = send
        self._clock = clock
        self._calls: dict[str, _Call] = {}

    async def call(self, command: Slash, sender: Sender) -> Slashed:
        """Call a bot; what it says to all is a message of its own, what it says to the caller is the answer.

        Raises:
            NotFound, Forbidden: the caller may not write here; no bot here offers this command (`$.name`).
            Unavailable: `bot_away`: it did not answer, or not in time.
        """
        async with self._database.read() as connection:
            await authorize(connection, sender.user_id, command.conversation_id, Action.SEND)
            offered = await store.offered(connection, command.conversation_id, command.name)
        if offered is None:
            raise NotFound(f"no bot here knows /{command.name}", path="$.name", reason="slash")
        if offered.url is None:
            text = await self._on_a_socket(command, sender, offered)
        else:
            text = await self._at_its_url(command, sender, offered, offered.url)
        return Slashed(id=command.id, text=text)

    async def answer(self, command: AnswerSlash, sender: Sender) -> None:
        """Take a bot's answer, here or on the gateway that waits for it.

        Raises:
            NotFound: nobody waits for it: another bot's call, or too late. What another gateway waits for is not known.
        """
        answered = SlashAnswered(command.call_id, sender.user_id, command.text)
        gateway = command.call_id.rpartition(".")[0]
        if gateway in self._ways.others():
            self._ways.share(answered)
        elif not self._take(answered):
            raise NotFound("nobody waits for this answer", path="$.call_id")

    def heard(self, _gateway: str, answered: SlashAnswered) -> None:
        """Take an answer that was given on another gateway, if it is to a call from here."""
        self._take(answered)

    def _take(self, answered: SlashAnswered) -> bool:
        waiting = self._calls.get(answered.call_id)
        if waiting is None or waiting.bot_id != answered.bot_id:
            return False
        waiting.text = answered.text
        waiting.answered.set()
        return True

    async def _on_a_socket(self, command: Slash, sender: Sender, offered: Offered) -> str:
        if len(self._calls) >= CALLS:
            raise Unavailable("too many calls wait for their bots", reason="calls")
        # Whether the bot is on another gateway is not known for sure: it may have come just now, or be invisible.
        if not self._ways.is_here(offered.bot_id) and not self._ways.others():
            raise _away(command)
        waiting = _Call(offered.bot_id, Event())
        call_id = f"{self._ways.gateway}.{secrets.token_urlsafe(12)}"
        self._calls[call_id] = waiting
        told = SlashCalled(
            call_id=call_id,
            conversation_id=command.conversation_id,
            user_id=sender.user_id,
            name=command.name,
            text=command.text,
        )
        try:
            self._ways.tell(offered.bot_id, told)
            with fail_after(SLASH_WITHIN_S):
                await waiting.answered.wait()
        except TimeoutError:
            raise _away(command) from None
        finally:
            del self._calls[call_id]
        return waiting.text

    async def _at_its_url(self, command: Slash, sender: Sender, offered: Offered, url: str) -> str:
        now = self._clock.now()
        body = rules.call_body(command, sender.user_id, offered.bot_id, now)
        headers = signed(
            secret_of(self._key, offered.bot_id),
            f"{command.conversation_id}-{command.client_id}-{offered.bot_id}",
            int(now.timestamp()),
            body,
        )
        try:
            answer = await self._egress.request("POST", url, headers=headers, content=body)
        except (Refused, Unreachable):
            raise _away(command) from None
        answered = rules.answered(answer.status, answer.body)
        if answered is None:
            raise _away(command)
        if answered.to_all:
            await self._say(command, offered, answered)
            return ""
        return answered.text

    async def _say(self, command: Slash, offered: Offered, answered: Answered) -> None:
        # Under the caller's key, on the bot's device: a call that is made again says nothing twice.
        message = SendMessage(
            id=0, client_id=command.client_id, conversation_id=command.conversation_id, body=answered.text
        )
        await self._send(message, Sender(offered.bot_id, offered.device_id))

    def secret(self, bot_id: UserId) -> SlashSecret:
        """Return what signs the calls of a bot's commands."""
        return SlashSecret(secret=shown(secret_of(self._key, bot_id)))


async def offer(connection: Connection, sender: Sender, wish: NewSlashCommands) -> None:
    """Replace all commands of the calling bot.

    Raises:
        Forbidden: the caller is no bot.
        BadRequest: a name twice, one of the built-in ones, or no URL that is called (`$.commands[i]`).
        Conflict: `name_taken`: another bot offers a command of this name.
    """
    if sender.scopes is None:
        raise Forbidden("bots offer commands", reason="bot")
    _check(wish.commands)
    await store.forget(connection, sender.user_id)
    for place, command in enumerate(wish.commands):
        if not await store.add(connection, sender.user_id, command):
            raise Conflict(f"another bot offers /{command.name}", path=f"$.commands[{place}].name", reason="name_taken")


async def listed(connection: Connection, sender: Sender, conversation_id: ConversationId) -> SlashCommands:
    """Return what can be called in a conversation.

    Raises:
        NotFound, Forbidden: the caller may not write here.
    """
    await authorize(connection, sender.user_id, conversation_id, Action.SEND)
    return SlashCommands(commands=await store.all_offered(connection, conversation_id))


def _check(commands: Sequence[NewSlashCommand]) -> None:
    names: set[str] = set()
    for place, command in enumerate(commands):
        if command.name in names or command.name in rules.BUILT_IN:
            raise BadRequest("this name is taken", path=f"$.commands[{place}].name", reason="name")
        names.add(command.name)
        try:
            if command.url is not None:
                check_url(command.url)
        except Refused as refused:
            raise BadRequest(refused.message, path=f"$.commands[{place}].url", reason=refused.reason) from None


def _away(command: Slash) -> Unavailable:
    return Unavailable(f"the bot of /{command.name} does not answer", reason="bot_away")
