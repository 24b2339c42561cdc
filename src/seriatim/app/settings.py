"""Settings: few, each with its unit and effect; from `seriatim.toml` in the data folder, then SERIATIM_* variables."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from seriatim.app.checks import BadSettings, check_mail, check_role
from seriatim.app.streams.loops import Role
from seriatim.core.addresses import networks
from seriatim.delivery.routes import BROADCAST_UP_TO
from seriatim.features.accounts.rules import SignUpPolicy
from seriatim.features.emoji.rules import EmojiPolicy
from seriatim.protocol.limits import TOKEN_LIFE_S, UNAUTHENTICATED_SOCKETS_PER_ADDRESS, Rates

PREFIX = "SERIATIM_"
FILE = "seriatim.toml"
Seconds = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything an operator may change. A variable is the field's name in capitals after SERIATIM_."""

    data: Path = Path(".data")
    """Folder for the embedded database, the server's secret and `seriatim.toml`."""
    host: str = "127.0.0.1"
    """Address to listen on; `0.0.0.0` for all."""
    port: Annotated[int, Meta(ge=0, le=65_535)] = 8000
    """TCP port; 0 takes a free one and logs it."""
    role: Role = Role.ALL
    """`gateway` serves connections, `worker` does what needs nobody connected; `all` does both."""
    processes: Annotated[int, Meta(ge=1, le=32)] = 1
    """Gateway processes on the port, one a core; above 1 they, a worker and a broker run under a supervisor."""
    database_url: str | None = None
    """A PostgreSQL >= 15 of your own; absent: the embedded one."""
    database_direct_url: str | None = None
    """The same database without a pooler between; set, `database_url` may lead through one in transaction mode."""
    database_replica_url: str | None = None
    """A streaming replica, from which pages of the log are read that it holds; absent: all comes from the primary."""
    broker_url: str | None = None
    """Redis or Valkey between several servers: `redis://host`, `rediss://` (TLS), `redis+cluster://`; absent: alone."""
    broadcast_up_to: Count = BROADCAST_UP_TO
    """Servers up to which each hears all news; with more, news goes to those that hold somebody it concerns."""
    pg_bin: Path | None = None
    """Folder with PostgreSQL's programs for the embedded server; absent: the wheel's, else the system's."""
    secret: str | None = None
    """At least 32 characters that seal keys in the database; absent: the file `secret` in the data folder."""
    origins: list[str] = []
    """Origins (`https://chat.example.org`) whose pages may connect; empty: the server's own host only."""
    trusted_proxies: list[str] = []
    """Addresses whose X-Forwarded-For is believed."""
    tls_certificate: Path | None = None
    """PEM file with the certificate chain; with `tls_key`, the port speaks TLS."""
    tls_key: Path | None = None
    """PEM file with the certificate's private key."""
    sign_up: SignUpPolicy = SignUpPolicy.OPEN
    """Who may make an account; the first one becomes server admin, and needs no invitation."""
    add_emoji: EmojiPolicy = EmojiPolicy.ADMINS
    """Who may add emoji of the server's own; with `everybody` all but guests, and who added one may remove it."""
    public_url: str | None = None
    """Where people find this server (`https://chat.example.org`), for links that are mailed or passed on."""
    smtp_url: str | None = None
    """Mail server: `smtp://host`, `smtps://user:password@host` or `starttls://user:password@host`; absent: no mail."""
    mail_from: str | None = None
    """Sender of mail (`chat@example.org`, or `The chat <chat@example.org>`)."""
    token_life_s: Seconds = TOKEN_LIFE_S
    """Seconds an access token is good for; a revoked device's sockets close in seconds all the same."""
    unauthenticated_sockets_per_address: Count = UNAUTHENTICATED_SOCKETS_PER_ADDRESS
    """Sockets of one address that may wait to say hello."""
    handshakes_per_s: Count = 1_000
    """WebSocket handshakes a process takes a second; beyond it 503 with a time to come back."""
    egress_allow: list[str] = []
    """Networks (`10.1.0.0/16`) that webhooks may call besides public addresses, on any port."""
    rates: Rates = Rates()
    """Token buckets, each `{ per_s, burst }`."""
    drain_s: Seconds = 10.0
    """Longest wait for sends in flight when the server stops."""
    metrics_token: Annotated[str, Meta(min_length=16)] | None = None
    """What opens `/metrics` to other machines, as `Authorization: Bearer <token>`; absent: for this machine only."""
    otlp_endpoint: str | None = None
    """URL of an OpenTelemetry collector (OTLP over HTTP) that gets the traces of sampled messages; absent: none."""


IN_JSON = frozenset(
    field.name for field in msgspec.structs.fields(Settings) if field.type is Rates or field.type == list[str]
)
"""Settings whose variables hold JSON; a secret may well begin with a brace."""


def load(environment: Mapping[str, str] = os.environ, **given: Any) -> Settings:
    """Return the settings: defaults, then the file, then variables, then what the command line gave.

    Raises:
        BadSettings: an unknown name or a wrong value, with its path.
    """
    variables = {
        field: environment[PREFIX + field.upper()]
        for field in Settings.__struct_fields__
        if PREFIX + field.upper() in environment
    }
    named = {name: value for name, value in given.items() if value is not None}
    folder = Path(str(named.get("data") or variables.get("data") or Settings().data))
    values = {**_file(folder / FILE), **_parsed(variables), **named}
    try:
        settings = msgspec.convert(values, Settings, strict=False, dec_hook=_decoded)
    except msgspec.ValidationError as error:
        raise BadSettings(str(error)) from None
    _check(settings)
    return settings


def _check(settings: Settings) -> None:
    """Refuse what would fail later, where no message names the setting."""
    for name in ("trusted_proxies", "egress_allow"):
        try:
            networks(getattr(settings, name))
        except ValueError as error:
            raise BadSettings(f"{name}: {error}") from None
    _check_broker(settings.broker_url)
    check_role(settings.role, settings.processes, database_url=settings.database_url, broker_url=settings.broker_url)
    if settings.database_direct_url is not None and settings.database_url is None:
        raise BadSettings("database_direct_url: it needs database_url")
    if settings.tls_key is not None and settings.tls_certificate is None:
        raise BadSettings("tls_key: it needs tls_certificate")
    check_mail(settings.public_url, settings.smtp_url, settings.mail_from)
    for name, path in (("tls_certificate", settings.tls_certificate), ("tls_key", settings.tls_key)):
        if path is not None and not path.is_file():
            raise BadSettings(f"{name}: there is no file {path}")


def _check_broker(url: str | None) -> None:
    if url is None:
        return
    # Imported here: most servers are alone, and need no client of Redis.
    from seriatim.delivery.broker.servers import servers  # noqa: PLC0415

    try:
        servers(url)
    except ValueError as error:
        raise BadSettings(f"broker_url: {error}") from None


def _file(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"{path}: {error}") from None


def _parsed(variables: dict[str, str]) -> dict[str, Any]:
    """Read lists and tables as JSON; everything else is text that the field's type converts."""
    parsed: dict[str, Any] = {}
    for name, text in variables.items():
        if name in IN_JSON:
            try:
                parsed[name] = msgspec.json.decode(text)
            except msgspec.DecodeError as error:
                raise BadSettings(f"{PREFIX}{name.upper()}: {error}") from None
        else:
            parsed[name] = text
    return parsed


def _decoded(wanted: type, value: object) -> object:
    """Read what msgspec does not know: paths."""
    if wanted is Path and isinstance(value, str | Path):
        return Path(value)
    raise TypeError(f"no {wanted.__name__}")
