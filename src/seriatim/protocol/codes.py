"""Close codes of the WebSocket: below 4400 (and 4408) the client reconnects, else it must change something first."""

from enum import IntEnum


class CloseCode(IntEnum):
    """Why a connection ended.

    Source: 1xxx are RFC 6455 section 7.4.1; 4xxx are ours.
    """

    NORMAL = 1000
    """The client ended it."""
    GOING_AWAY = 1001
    """The page or the program went away."""
    PROTOCOL_ERROR = 1002
    """No WebSocket: unmasked, reserved bits or opcodes, broken fragments."""
    UNSUPPORTED_DATA = 1003
    """Text on the MessagePack subprotocol, or binary on the JSON one."""
    BAD_UTF8 = 1007
    """A text frame is not valid UTF-8."""
    MESSAGE_TOO_BIG = 1009
    """Over 64 KiB, or over 64 fragments."""
    RESTART = 1012
    """The server stops, or cannot read heads while its database is away."""
    DRAINED = 4000
    """A planned restart, announced by `drain`."""
    TOO_SLOW = 4001
    """The peer took too little for too long; the log has what it missed."""
    NO_PONG = 4002
    """No `ping` in time."""
    SERVER_ERROR = 4003
    """A bug, logged."""
    STATE_LOST = 4004
    """The heads could not be told whole: resume from the stored token."""
    RATE = 4005
    """Too many control frames, or too many hellos at once."""
    MOVED = 4006
    """Reserved: this conversation is served elsewhere."""
    BAD_FRAME = 4400
    """Too many refused frames."""
    NOT_AUTHENTICATED = 4401
    """No, a false or an expired access token."""
    FORBIDDEN = 4403
    """Too many sockets of one user."""
    NO_HELLO = 4408
    """No `hello` in time, or another frame first."""
    REPLACED = 4409
    """Reserved: this device connected elsewhere."""
    DEVICE_REVOKED = 4410
    """This device was signed out."""
    TOO_BIG = 4413
    """Reserved: one message was over a limit that the transport does not check."""
    UPGRADE_CLIENT = 4426
    """Reserved: this client is too old."""
    BANNED = 4429
    """Reserved: this account or address is shut out."""


def may_reconnect(close_code: int) -> bool:
    """Say whether a client should connect again unchanged after this code.

    A client whose first frame always is `hello` gets 4408 only from a slow network.
    """
    return close_code < CloseCode.BAD_FRAME or close_code == CloseCode.NO_HELLO
