"""What names and passwords may be: pure decisions, the same for every way in."""

import unicodedata
from collections.abc import Container
from enum import StrEnum

from seriatim.core.errors import BadRequest
from seriatim.protocol.limits import LIMITS
from seriatim.protocol.resources import NewDevice

REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls, bidi and zero-width characters, surrogates, private use, unassigned, line and paragraph separators."""
INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and marks that show nothing: a name made of them, or differing by them, deceives."""
VARIATION_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0), range(0x180B, 0x1810))


class SignUpPolicy(StrEnum):
    """Who may make an account."""

    OPEN = "open"
    INVITATION = "invitation"
    CLOSED = "closed"


def clean_name(name: str) -> str:
    """Return the name in its one spelling (NFC), fit to be shown beside others.

    Raises:
        BadRequest: at `$.name`; too long, blank at an end, or with a character that is invisible or misleading.
    """
    name = unicodedata.normalize("NFC", name)
    if len(name) > LIMITS.name_code_points:
        raise BadRequest(f"a name has at most {LIMITS.name_code_points} characters", path="$.name", reason="length")
    if name != name.strip() or not name or "  " in name:
        raise BadRequest("a name neither begins nor ends with a blank", path="$.name", reason="blank")
    if any(_misleading(character) for character in name):
        raise BadRequest("a name has visible characters only", path="$.name", reason="characters")
    return name


def name_key(name: str) -> str:
    """Return what makes two names one: case and the ways to compose a character do not count."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def check_password(password: str, name: str, common: Container[str]) -> None:
    """Refuse a password that is on the list of common ones or is the name itself.

    Raises:
        BadRequest: at `$.password`, reason `common`, `name`, or `repeated`.
    """
    folded = password.casefold()
    if folded in common:
        raise BadRequest("this password is on a list of common ones", path="$.password", reason="common")
    if name_key(password) == name_key(name):
        raise BadRequest("a password is not the name", path="$.password", reason="name")
    if len(set(folded)) <= 2:  # noqa: PLR2004 - aaaaaaaaaa and ababababab, whatever their length
        raise BadRequest("a password has more than two different characters", path="$.password", reason="repeated")


def check_device(device: NewDevice) -> None:
    """Refuse what a list of devices could not show.

    Raises:
        BadRequest: at `$.device.name` or `$.device.kind`.
    """
    for field in ("name", "kind"):
        if not getattr(device, field).isprintable():
            raise BadRequest(f"a device's {field} is printable", path=f"$.device.{field}", reason="characters")


def _misleading(character: str) -> bool:
    category = unicodedata.category(character)
    return (
        category in REFUSED_CATEGORIES
        or (category == "Zs" and character != " ")
        or character in INVISIBLE
        or any(ord(character) in selectors for selectors in VARIATION_SELECTORS)
    )
