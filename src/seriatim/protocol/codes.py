"""Close codes of the WebSocket: below 4400 the client reconnects, from 4400 on it must change something first."""

from enum import IntEnum


class CloseCode(IntEnum):
    """Why a connection ended.

    Source: 1xxx are RFC 6455 section 7.4.1; 4xxx are ours.
    """

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    BAD_UTF8 = 1007
    MESSAGE_TOO_BIG = 1009
    RESTART = 1012
    DRAINED = 4000
    TOO_SLOW = 4001
    NO_PONG = 4002
    SERVER_ERROR = 4003
    STATE_LOST = 4004
    RATE = 4005
    MOVED = 4006
    BAD_FRAME = 4400
    NOT_AUTHENTICATED = 4401
    FORBIDDEN = 4403
    NO_HELLO = 4408
    REPLACED = 4409
    DEVICE_REVOKED = 4410
    TOO_BIG = 4413
    UPGRADE_CLIENT = 4426
    BANNED = 4429


def may_reconnect(close_code: int) -> bool:
    """Say whether a client should connect again unchanged after this code."""
    return close_code < CloseCode.BAD_FRAME
