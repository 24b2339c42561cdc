"""The way to a mail server: one message per connection, in threads, within bounds of time."""

import smtplib
import ssl
from email.message import EmailMessage
from typing import Final, NamedTuple, Self
from urllib.parse import unquote, urlsplit

from anyio import CapacityLimiter, fail_after, to_thread

STEP_WITHIN_S: Final = 10.0
"""For each answer of the server ..."""
WITHIN_S: Final = 60.0
"""... and for everything together."""
AT_ONCE: Final = 4
PORTS: Final = {"smtp": 25, "smtps": 465, "starttls": 587}
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
FOR_GOOD: Final = 500
"""Replies from here on are final (RFC 5321 section 4.2.1)."""


class NotSent(Exception):
    """The server did not take a message; `final`: nor will it another time. The text holds no address."""

    def __init__(self, reason: str, *, final: bool) -> None:
        super().__init__(reason)
        self.final = final


class SmtpServer(NamedTuple):
    """Where mail is handed over: `smtp` in clear, `smtps` in TLS from the first byte, `starttls` or not at all."""

    scheme: str
    host: str
    port: int
    user: str | None = None
    password: str | None = None

    @classmethod
    def of(cls, url: str) -> Self:
        """Read `smtp://host:port`, `smtps://user:password@host`, `starttls://user:password@host:port`.

        Raises:
            ValueError: it is no such URL, or would send a password in clear past this machine.
        """
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError("it is smtp://, smtps:// or starttls://, with user:password@ if needed, a host and a port")
        if (parts.username is None) != (parts.password is None):
            raise ValueError("it has a user and a password, or neither")
        if parts.password is not None and parts.scheme == "smtp" and parts.hostname not in LOOPBACK:
            raise ValueError("a password goes over TLS only: smtps:// or starttls://")
        user, password = (unquote(one) if one is not None else None for one in (parts.username, parts.password))
        return cls(parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme], user, password)


class Smtp:
    """Hands messages over; certificates are checked against the system's authorities (SSL_CERT_FILE names others)."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._turns = CapacityLimiter(AT_ONCE)

    async def send(self, message: EmailMessage) -> None:
        """Hand one message over; it may arrive twice if the server's last answer is lost.

        Raises:
            NotSent: nothing answered in time, or it refused.
        """
        try:
            with fail_after(WITHIN_S):
                await to_thread.run_sync(self._send, message, limiter=self._turns, abandon_on_cancel=True)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise NotSent(f"recipient refused: {codes}", final=min(codes) >= FOR_GOOD) from None
        except smtplib.SMTPAuthenticationError as error:  # the operator mends it
            raise NotSent(f"authentication refused: {error.smtp_code}", final=False) from None
        except smtplib.SMTPResponseException as error:
            raise NotSent(f"refused: {error.smtp_code}", final=error.smtp_code >= FOR_GOOD) from None
        except (OSError, smtplib.SMTPException) as error:  # TimeoutError and ssl.SSLError are OSErrors
            raise NotSent(type(error).__name__, final=False) from None

    def _send(self, message: EmailMessage) -> None:
        server = self._server
        if server.scheme == "smtps":
            context = ssl.create_default_context()
            session = smtplib.SMTP_SSL(server.host, server.port, timeout=STEP_WITHIN_S, context=context)
        else:
            session = smtplib.SMTP(server.host, server.port, timeout=STEP_WITHIN_S)
        with session:
            if server.scheme == "starttls":
                session.starttls(context=ssl.create_default_context())
            if server.user is not None and server.password is not None:
                session.login(server.user, server.password)
            session.send_message(message)
