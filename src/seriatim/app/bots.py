"""Bots and webhooks of a process: their parts, their loops, and the server's own voice."""

from collections.abc import Callable, Coroutine
from typing import Any

from seriatim.app.settings import Settings
from seriatim.app.streams.others import Others
from seriatim.core.buckets import Buckets, network
from seriatim.core.clock import Clock
from seriatim.core.errors import NotFound
from seriatim.core.ids import UserId, uuid7
from seriatim.delivery.broker.port import Told
from seriatim.delivery.directory.port import Directory
from seriatim.delivery.fanout import FanOut
from seriatim.features.bots.bots import BotTokens, server_bot
from seriatim.features.bots.routes import BotKeeping
from seriatim.features.slash.routes import SlashKeeping
from seriatim.features.slash.slash import SlashCalls, Ways
from seriatim.features.webhooks.deliveries.deliver import Deliveries
from seriatim.features.webhooks.deliveries.follow import FOLLOWER, ONLY, Wanted, queue
from seriatim.features.webhooks.incoming import Call, Wish, called
from seriatim.features.webhooks.outgoing import SigningKey
from seriatim.features.webhooks.routes import Hooks
from seriatim.gateway.commands import Commands, Own
from seriatim.log.follow import Follower
from seriatim.protocol.answers import SlashCalled
from seriatim.protocol.commands import AnswerSlash, Command, Create, SendMessage, Slash
from seriatim.protocol.fields import ConversationKind
from seriatim.protocol.sender import Sender
from seriatim.storage.egress import Egress
from seriatim.storage.postgres.database import Database


def ways_to_bots(fan_out: FanOut, others: Others, directory: Directory) -> Ways:
    """Return how calls reach bots on all gateways."""

    def is_here(bot_id: UserId) -> bool:
        return bool(fan_out.sessions_of(bot_id))

    def tell(bot_id: UserId, called: SlashCalled) -> None:
        others.broker.tell(Told(bot_id, called))

    return Ways(others.broker.gateway, directory.others, is_here, tell, others.share)


class BotParts:
    """What programs speak with, and what speaks to programs. `secret` makes the bytes for one purpose."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        secret: Callable[[str], bytes],
        ways: Ways,
        *,
        ended: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._database = database
        self._rates = settings.rates
        egress = Egress(settings.egress_allow)
        self._clock = clock
        self._commands: Commands | None = None
        self._calls, self._false_calls = Buckets(), Buckets()
        self.tokens = BotTokens(database)
        self._slash = SlashCalls(database, egress, secret("slash commands"), ways=ways, send=self._send, clock=clock)
        self.answered = self._slash.heard
        self.own: dict[type[Command], Own] = {Slash: self._slash.call, AnswerSlash: self._slash.answer}
        """What the table of commands takes from here."""
        webhooks = secret("outgoing webhooks")
        self.dependencies: dict[str, object] = {
            "bot_keeping": BotKeeping(clock=clock, ended=ended),
            "slash_keeping": SlashKeeping(secret=self._slash.secret),
            "hooks": Hooks(signing=SigningKey(webhooks), called=self._called),
        }
        self.working: tuple[Callable[[], Coroutine[Any, Any, None]], ...] = (
            Follower(database, FOLLOWER, queue, wanted=Wanted(database), only=ONLY).run,
            Deliveries(database, egress, webhooks, self._say, clock).run,
        )

    def speak_through(self, commands: Commands) -> None:
        """Take the table of commands, which itself takes from here what bots answer."""
        self._commands = commands

    async def _send(self, command: SendMessage, sender: Sender) -> object:
        assert self._commands is not None
        return await self._commands.run(command, sender)

    async def _called(self, call: Call, address: str) -> Wish:
        """Look at a call of a webhook, within its rate; who guesses is limited as who guesses passwords is."""
        now = self._clock.monotonic()
        key, rate = network(address), self._rates.log_in_address
        self._false_calls.check(key, rate, now)
        self._calls.require(call.webhook_id, self._rates.webhook, now)
        try:
            return await called(call, self._database, self._clock)
        except NotFound:
            self._false_calls.take(key, rate, now)
            self._calls.give_back(call.webhook_id, self._rates.webhook)
            raise

    async def _say(self, user_id: UserId, text: str) -> None:
        """Say something to a person, in the direct conversation that the server's own bot has with him."""
        assert self._commands is not None
        bot = await server_bot(self._database, self._clock)
        sender = Sender(bot.user_id, bot.device_id)
        made = await self._commands.run(
            Create(id=0, client_id=uuid7(), kind=ConversationKind.DIRECT, members=[user_id]), sender
        )
        await self._send(SendMessage(id=0, client_id=uuid7(), conversation_id=made.conversation_id, body=text), sender)
