"""What settings have to be together, where the type of none of them says it."""

from email.utils import parseaddr
from urllib.parse import urlsplit

from seriatim.app.streams.loops import Role
from seriatim.storage.smtp import SmtpServer


class BadSettings(Exception):
    """A setting is unknown or has a wrong value; the message names it."""


def check_role(role: Role, processes: int, *, database_url: str | None, broker_url: str | None) -> None:
    """Refuse a process that could not meet the others, or a second worker on the port that one worker has."""
    if role is Role.WORKER and processes > 1:
        raise BadSettings("processes: a worker is one process; start it again for another one")
    if role is Role.ALL:
        return
    for name, url in (("database_url", database_url), ("broker_url", broker_url)):
        if url is None:
            raise BadSettings(f"{name}: a {role} needs it, to meet the others")


def check_mail(public_url: str | None, smtp_url: str | None, mail_from: str | None) -> None:
    """Refuse a mail server without what a mail needs."""
    if public_url is not None:
        url = urlsplit(public_url)
        if url.scheme not in {"http", "https"} or not url.hostname or url.path.strip("/") or url.query or url.fragment:
            raise BadSettings("public_url: it is https:// or http:// and a host, nothing after it")
    if smtp_url is None:
        return
    try:
        SmtpServer.of(smtp_url)
    except ValueError as error:
        raise BadSettings(f"smtp_url: {error}") from None
    if "@" not in parseaddr(mail_from or "")[1]:
        raise BadSettings("mail_from: mail needs a sender's address")
    if public_url is None:
        raise BadSettings("public_url: mail needs it, for its links")
