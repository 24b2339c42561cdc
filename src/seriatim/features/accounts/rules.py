"""What names and passwords may be: pure decisions, the same for every way in."""

from collections.abc import Container
from enum import StrEnum

from seriatim.core.errors import BadRequest
from seriatim.core.names import name_key
from seriatim.protocol.resources import NewDevice


class SignUpPolicy(StrEnum):
    """Who may make an account."""

    OPEN = "open"
    INVITATION = "invitation"
    CLOSED = "closed"


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
