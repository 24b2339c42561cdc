"""What this folder works with, built once in app/: what people ask with, and what sends where there is a server."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from seriatim.core.buckets import Buckets
from seriatim.core.clock import Clock
from seriatim.features.mail.send import Letterhead, Mails
from seriatim.protocol.limits import Rates
from seriatim.storage.postgres.database import Database
from seriatim.storage.smtp import Smtp, SmtpServer


class Outlet(NamedTuple):
    """What the operator sets; mail is sent where nothing of it is missing."""

    smtp_url: str | None
    sender: str | None
    base_url: str | None
    """Where links lead."""


@dataclass(frozen=True, kw_only=True)
class MailKeeping:
    """The parts; `mails` is None where the operator names no mail server."""

    database: Database
    clock: Clock
    rates: Rates
    unsubscribe_key: bytes
    mails: Mails | None
    by_address: Buckets = field(default_factory=Buckets)
    by_account: Buckets = field(default_factory=Buckets)
    by_user: Buckets = field(default_factory=Buckets)

    @property
    def sends(self) -> bool:
        """Whether this server sends mail."""
        return self.mails is not None

    @property
    def running(self) -> tuple[Callable[[], Coroutine[Any, Any, None]], ...]:
        """The loops that app/ runs."""
        return () if self.mails is None else (self.mails.run,)


def mail_keeping(database: Database, clock: Clock, rates: Rates, key: bytes, outlet: Outlet) -> MailKeeping:
    """Build the parts; `key` proves that who ends a digest got one.

    Raises:
        ValueError: the outlet's URL names no mail server.
    """
    mails = None
    if outlet.smtp_url and outlet.sender and outlet.base_url:
        head = Letterhead(outlet.sender, outlet.base_url.rstrip("/"), key)
        mails = Mails(database, Smtp(SmtpServer.of(outlet.smtp_url)).send, head, clock)
    return MailKeeping(database=database, clock=clock, rates=rates, unsubscribe_key=key, mails=mails)
