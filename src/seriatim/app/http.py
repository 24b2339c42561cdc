"""What the HTTP side of this process is given."""

from functools import partial

from litestar import Litestar

from seriatim.app.parts import Parts
from seriatim.app.settings import Settings
from seriatim.core.buckets import Buckets, network
from seriatim.features.devices.devices import Devices
from seriatim.features.emoji.routes import EmojiKeeping
from seriatim.gateway.http.app import HttpSettings, create_http_app
from seriatim.gateway.http.health import health_route


def worker_app(parts: Parts) -> Litestar:
    """Return what a worker answers: whether it can work, and nothing else."""
    return Litestar([health_route(partial(_why_unavailable, parts))], openapi_config=None, logging_config=None)


def _why_unavailable(parts: Parts) -> str | None:
    return None if parts.appender.healthy else "the log cannot be written: the database is away"


def http_app(settings: Settings, parts: Parts) -> Litestar:
    """Return the HTTP application over the parts of this process."""
    pictures = Buckets()

    def admit_picture(address: str) -> None:
        pictures.require(network(address), settings.rates.picture_address, parts.accounts.clock.monotonic())

    return create_http_app(
        HttpSettings(
            origins=frozenset(settings.origins) or None,
            trusted_proxies=tuple(settings.trusted_proxies),
        ),
        tokens=parts.accounts.tokens,
        revoked=parts.revocations.revoked,
        bot=parts.bots.tokens.sender,
        why_unavailable=partial(_why_unavailable, parts),
        dependencies={
            "accounts": parts.accounts,
            "devices": Devices(
                database=parts.database, clock=parts.accounts.clock, devices_changed=parts.accounts.devices_changed
            ),
            "database": parts.database,
            "commands": parts.commands,
            "presence": parts.social,
            "later": parts.later,
            "tell": parts.own.tell,
            "traces": parts.traces,
            "emoji_keeping": EmojiKeeping(policy=settings.add_emoji, admit=admit_picture),
            "mail_keeping": parts.mail,
            "export_keeping": parts.exports,
            **parts.bots.dependencies,
        },
    )
