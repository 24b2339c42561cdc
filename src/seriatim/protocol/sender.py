"""Who speaks: the authenticated author of a command, as rules and features see him."""

from typing import NamedTuple

from seriatim.core.ids import DeviceId, UserId


class Sender(NamedTuple):
    """A user on one of his devices; the access token has been verified."""

    user_id: UserId
    device_id: DeviceId
