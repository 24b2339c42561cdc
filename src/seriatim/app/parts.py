"""The parts of one server process, built once and handed to each other: this file is the wiring, nothing else."""

import asyncio
from dataclasses import dataclass
from functools import partial

from seriatim.app.bots import BotParts, ways_to_bots
from seriatim.app.settings import Settings
from seriatim.app.streams.logs import log_at
from seriatim.app.streams.loops import Loops
from seriatim.app.streams.news import Reads, news_of_all
from seriatim.app.streams.others import Others
from seriatim.app.streams.own import OwnStream, keep_time
from seriatim.app.streams.searching import Search, search_in
from seriatim.app.streams.social import Social
from seriatim.app.telemetry import exporter
from seriatim.core.clock import Clock
from seriatim.core.ids import DeviceId, UserId
from seriatim.delivery.broker.shared import Hurry, SlashAnswered
from seriatim.delivery.fanout import FanOut
from seriatim.delivery.heads_pages import HeadsPages
from seriatim.delivery.publish import Publisher
from seriatim.delivery.repair import SESSIONS, HeadsCheck
from seriatim.features.accounts.accounts import Accounts, AccountSettings
from seriatim.features.accounts.keys import ACCESS_TOKENS, CONVERSATION_IDS, derived, server_keys, server_secret
from seriatim.features.accounts.tokens import Tokens
from seriatim.features.devices.revocations import Revocations
from seriatim.features.devices.store import NO_DEVICE
from seriatim.features.export.routes import ExportKeeping
from seriatim.features.later.later import Later
from seriatim.features.mail.mail import MailKeeping, Outlet, mail_keeping
from seriatim.gateway.commands import Commands
from seriatim.gateway.gate import SocketGate
from seriatim.gateway.hello import GREETINGS, Greeter
from seriatim.gateway.http.addresses import TrustedProxies
from seriatim.gateway.outbox import Outboxes
from seriatim.gateway.sockets import Sockets
from seriatim.gateway.traces import Traces
from seriatim.gateway.transport.frames import binary_frame, text_frame
from seriatim.gateway.wheel import Wheel
from seriatim.log.append import Appender
from seriatim.protocol.answers import DevicesChanged, SelfChanged
from seriatim.protocol.commands import Fetch, SetPresence
from seriatim.protocol.encoded import wires
from seriatim.storage.postgres.database import Database


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a process consists of; it runs those of the loops that are its role's."""

    database: Database
    appender: Appender
    accounts: Accounts
    commands: Commands
    sockets: Sockets
    traces: Traces
    revocations: Revocations
    publisher: Publisher
    others: Others
    heads_check: HeadsCheck
    outboxes: Outboxes
    social: Social
    own: OwnStream
    later: Later
    bots: BotParts
    mail: MailKeeping
    exports: ExportKeeping
    search: Search
    loops: Loops


async def build(settings: Settings, database: Database, clock: Clock) -> Parts:
    """Build every part on an open database; nothing runs yet.

    Raises:
        Unavailable: the database does not answer.
        WrongSecret: its keys were sealed with another secret.
    """
    secret = server_secret(settings.data, settings.secret)
    keys = await server_keys(database, secret, ACCESS_TOKENS, clock)
    log = await log_at(database, settings.database_replica_url, clock)

    reads = Reads(database)
    outboxes = Outboxes(asyncio.get_running_loop())
    fan_out = FanOut(reads.audiences, outboxes.broadcast)
    heads_check = HeadsCheck(HeadsPages(reads.heads, reads.heads_page, most=SESSIONS))
    channel = derived(secret, "broker channel").hex()[:32]
    others = news_of_all(settings, channel, log.epoch, fan_out, heads_check.due)
    publisher = Publisher(others.broker, log.epoch)
    appender = Appender(settings.database_direct_url or database.dsn, publisher.publish, epoch=log.epoch)
    wheel = Wheel(clock, outboxes.check)
    tokens = Tokens(keys, clock, life_s=settings.token_life_s)

    def devices_changed(user_id: UserId) -> None:
        revocations.hurry()
        publisher.tell(user_id, SelfChanged(what=DevicesChanged()))

    social = Social(database, fan_out, publisher.tell, clock, others)
    own = OwnStream(database, publisher.tell, social.signals, others)

    def on_revoked(user_id: UserId, device_id: DeviceId) -> None:
        if device_id == NO_DEVICE:
            sockets.reconnect(user_id)
        else:
            sockets.close_device(user_id, device_id)

    revocations = Revocations(database, clock, on_revoked, others.share, token_life_s=settings.token_life_s)
    others.hear(Hurry, by=revocations.heard)
    ways = ways_to_bots(fan_out, others, social.directory)
    bots = BotParts(database, settings, partial(derived, secret), ways, ended=revocations.hurry, clock=clock)
    others.hear(SlashAnswered, by=bots.answered)
    outlet = Outlet(settings.smtp_url, settings.mail_from, settings.public_url)
    mail = mail_keeping(database, clock, settings.rates, derived(secret, "mail unsubscribe"), outlet)
    traces = Traces(outboxes, exporter(settings.otlp_endpoint))
    commands = Commands(
        database=database,
        appender=appender,
        publisher=publisher,
        own={**own.commands, SetPresence: social.choose, **bots.own, Fetch: log.fetch},
        conversation_secret=derived(secret, CONVERSATION_IDS),
        traces=traces,
        rates=settings.rates,
        clock=clock,
    )
    later = own.waits(commands.run, clock)
    bots.speak_through(commands)
    greeter = Greeter(
        tokens=tokens,
        revoked=revocations.revoked,
        bots=bots.tokens.senders,
        fan_out=fan_out,
        pages=HeadsPages(reads.heads_to_greet, reads.heads_page, most=GREETINGS),
        epoch=log.epoch,
        clock=clock,
    )
    gate = SocketGate(
        commands=commands,
        greeter=greeter,
        heads_check=heads_check,
        presence=social.presence,
        typists=social.typists,
        marks=own.marks,
        traces=traces,
        rates=settings.rates,
    )
    sockets = Sockets(
        gate=gate,
        outboxes=outboxes,
        fan_out=fan_out,
        wheel=wheel,
        wires=wires(text_frame, binary_frame),
        clock=clock,
        proxies=TrustedProxies(settings.trusted_proxies),
        unauthenticated_per_address=settings.unauthenticated_sockets_per_address,
    )
    accounts = Accounts(
        database=database,
        tokens=tokens,
        clock=clock,
        settings=AccountSettings(sign_up=settings.sign_up, rates=settings.rates, public_url=settings.public_url),
        devices_changed=devices_changed,
    )
    return Parts(
        database=database,
        appender=appender,
        accounts=accounts,
        commands=commands,
        sockets=sockets,
        traces=traces,
        revocations=revocations,
        publisher=publisher,
        others=others,
        heads_check=heads_check,
        outboxes=outboxes,
        social=social,
        own=own,
        later=later,
        bots=bots,
        mail=mail,
        exports=ExportKeeping(database, clock, settings.rates, derived(secret, "export links")),
        search=(search := search_in(settings.data, database, settings.rates, clock)),
        loops=Loops(
            always=(appender.run, others.broker.run, commands.spared.run, log.replica.run),
            gateway=(
                fan_out.run,
                heads_check.run,
                greeter.run,
                gate.run,
                own.marks.run,
                own.tell_marks,
                social.run,
                revocations.run,
                wheel.run,
            ),
            worker=(*own.working, partial(keep_time, later), *bots.working, *mail.running, search.run),
        ),
    )
