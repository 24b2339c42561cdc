"""What mails say: a plain text and the same in simple HTML, where everything that people named is escaped."""

from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from html import escape
from typing import Final, NamedTuple

from seriatim.core.clock import Clock
from seriatim.features.mail.store import Missed

PRODUCT: Final = "Seriatim"


class Letter(NamedTuple):
    """A mail before it is put into its form; `button` is what is written on the link."""

    to: str
    subject: str
    lines: Sequence[str]
    button: str = ""
    url: str = ""
    after: Sequence[str] = ()
    unsubscribe: tuple[str, str] | None = None
    """For List-Unsubscribe (RFC 8058), and for people."""


def confirm(to: str, name: str, url: str) -> Letter:
    """Ask whether an address is his."""
    lines = (f"{name} wants to use this address on {PRODUCT}.",)
    after = ("The link is good once, for 15 minutes. If this was not you, do nothing.",)
    return Letter(to, f"Confirm your address for {PRODUCT}", lines, "Confirm this address", url, after)


def moved(to: str, name: str) -> Letter:
    """Tell the address that was his until now."""
    lines = (
        f"This address is no longer the one of {name} on {PRODUCT}: another one was confirmed.",
        "If this was not you, ask an admin of the server for help.",
    )
    return Letter(to, f"Your address on {PRODUCT} has changed", lines)


def reset(to: str, name: str, url: str) -> Letter:
    """Let him set a new password."""
    lines = (f"Somebody asked for a new password for {name} on {PRODUCT}.",)
    after = (
        "The link is good once, for 15 minutes, and signs out all devices.",
        "If this was not you, do nothing: the password stays as it is.",
    )
    return Letter(to, f"Set a new password for {PRODUCT}", lines, "Set a new password", url, after)


def invitation(to: str, name: str, url: str) -> Letter:
    """Invite somebody to sign up."""
    lines = (f"{name} invites you to {PRODUCT}.",)
    return Letter(to, f"You are invited to {PRODUCT}", lines, "Sign up", url, ("The link is good once, for 7 days.",))


def digest(to: str, base_url: str, missed: Sequence[Missed], unsubscribe: tuple[str, str]) -> Letter:
    """Tell how much somebody missed: names and numbers, nothing that was said."""
    total = sum(one.unread for one in missed)
    subject = f"{total} missed message{'' if total == 1 else 's'} on {PRODUCT}"
    lines = ["You have not read yet:", *(_line(one) for one in missed)]
    return Letter(to, subject, lines, f"Open {PRODUCT}", base_url, (), unsubscribe)


def message(letter: Letter, sender: str, clock: Clock) -> EmailMessage:
    """Put a letter into its form."""
    made = EmailMessage()
    made["From"] = sender
    made["To"] = letter.to
    made["Subject"] = letter.subject
    made["Date"] = format_datetime(clock.now())
    made["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].rstrip(">"))
    made["Auto-Submitted"] = "auto-generated"
    if letter.unsubscribe is not None:
        made["List-Unsubscribe"] = f"<{letter.unsubscribe[0]}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made.set_content(_text(letter))
    made.add_alternative(_html(letter), subtype="html")
    return made


def _line(one: Missed) -> str:
    mentions = f", {one.mentions} of them to you" if one.mentions else ""
    return f"{one.title or 'a conversation'}: {one.unread}{mentions}"


def _text(letter: Letter) -> str:
    parts = [*letter.lines]
    if letter.url:
        parts += ["", f"{letter.button}: {letter.url}"]
    if letter.after:
        parts += ["", *letter.after]
    if letter.unsubscribe is not None:
        parts += ["", f"No more of these: {letter.unsubscribe[1]}"]
    return "\n".join(parts) + "\n"


def _html(letter: Letter) -> str:
    parts = [f"<p>{escape(line)}</p>" for line in letter.lines]
    if letter.url:
        parts.append(f'<p><a href="{escape(letter.url)}">{escape(letter.button)}</a></p>')
    parts += [f"<p>{escape(line)}</p>" for line in letter.after]
    if letter.unsubscribe is not None:
        parts.append(f'<p><a href="{escape(letter.unsubscribe[1])}">No more of these</a></p>')
    return f'<!doctype html><html lang="en"><body>{"".join(parts)}</body></html>'
