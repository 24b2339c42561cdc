"""What the HTTP side of this process is given."""

from litestar import Litestar

from seriatim.app.metrics.siblings import Siblings
from seriatim.app.parts import Parts
from seriatim.app.settings import Settings
from seriatim.core.buckets import Buckets, network
from seriatim.features.devices.devices import Devices
from seriatim.features.emoji.routes import EmojiKeeping
from seriatim.gateway.http.app import HttpSettings, create_http_app
from seriatim.gateway.http.health import Standing, health_route, metrics_route
from seriatim.gateway.http.problems import HANDLERS


def worker_app(settings: Settings, parts: Parts, siblings: Siblings) -> Litestar:
    """Return what a worker answers: whether it can work, what it counts, and nothing else."""
    standing = _standing(parts, siblings)
    routes = [health_route(standing), metrics_route(standing, settings.metrics_token)]
    return Litestar(routes, exception_handlers=HANDLERS, openapi_config=None, logging_config=None)


def _standing(parts: Parts, siblings: Siblings) -> Standing:
    def why_unavailable() -> str | None:
        return None if parts.appender.healthy else "the log cannot be written: the database is away"

    return Standing(why_unavailable, lambda: parts.others.broker.why_away, siblings.all)


def http_app(settings: Settings, parts: Parts, siblings: Siblings) -> Litestar:
    """Return the HTTP application over the parts of this process."""
    pictures = Buckets()

    def admit_picture(address: str) -> None:
        pictures.require(network(address), settings.rates.picture_address, parts.accounts.clock.monotonic())

    return create_http_app(
        HttpSettings(
            origins=frozenset(settings.origins) or None,
            trusted_proxies=tuple(settings.trusted_proxies),
            metrics_token=settings.metrics_token,
        ),
        tokens=parts.accounts.tokens,
        revoked=parts.revocations.revoked,
        bot=parts.bots.tokens.sender,
        standing=_standing(parts, siblings),
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
            "searching": parts.search.asking,
            **parts.bots.dependencies,
        },
    )
