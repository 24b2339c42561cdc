"""Sizes, counts and rates: the one table that the server enforces, `welcome` tells and the documents print."""

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a client has to respect; sent in `welcome`, changed by settings."""

    frame_bytes: int = 64 * 1024
    """Largest WebSocket frame and assembled message."""
    frames_per_message: int = 64
    """Most frames in one JSON array."""
    body_bytes: int = 16 * 1024
    """Largest message body, in bytes of UTF-8."""
    name_code_points: int = 64
    title_code_points: int = 128
    topic_code_points: int = 1_024
    page_entries: int = 200
    heads_rows: int = 1_000
    compare_rows: int = 200
    focus_ids: int = 100
    members: int = 10_000
    commands_in_flight: int = 100


LIMITS = Limits()

FRAGMENTS = 64
"""Most fragments of one assembled message."""
NESTING = 16
"""Deepest nesting of a frame."""
REFUSED_FRAMES, REFUSED_FRAMES_WINDOW_S = 10, 60.0
"""Refused frames a connection may send before it is closed with 4400."""
CONTROL_FRAMES_PER_S = 10
CONTROL_FRAME_BYTES = 125

HELLO_WITHIN_S = 10.0
PONG_WITHIN_S = 10.0
STALLED_WRITE_S = 10.0
HEARTBEAT_S = 25.0
TOKEN_LIFE_S = 600.0
TOKEN_GRACE_S = 60.0
"""A socket lives this long past its token before it is closed with 4401."""

OUTBOX_BYTES = 1024 * 1024
OUTBOX_FRAMES = 1_000
ALL_OUTBOXES_BYTES = 512 * 1024 * 1024

HOLD_BACK_ENTRIES = 500
HOLD_BACK_S = 0.15
HOLE_ENTRIES = 1_000
"""A client that is further behind loads the newest page first and keeps a hole."""

RESUME_TOKEN_BYTES = 1_024
DEVICES_PER_USER = 20
SOCKETS_PER_USER = 50
FETCHES_IN_FLIGHT = 4
"""Unanswered `fetch` and `compare` commands of one device."""
UNAUTHENTICATED_SOCKETS_PER_ADDRESS = 50
HANDSHAKES_PER_S = 1_000
CREATE_MEMBERS = 200
"""Most members named in one `create`; more are invited or join."""


class Rate(msgspec.Struct, frozen=True):
    """A token bucket: `per_s` tokens a second, at most `burst` saved."""

    per_s: float
    burst: int


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """The front door's token buckets; beyond one: `rate_limited` with `retry_after_ms`."""

    send: Rate = Rate(10, 30)
    """`send`, per user."""
    conversation_send: Rate = Rate(20, 20)
    """`send`, per conversation, for ordinary members."""
    fetch: Rate = Rate(20, 40)
    """`fetch` and `compare`, per device."""
    frames: Rate = Rate(50, 200)
    """Frames of any type, per session."""
    own: Rate = Rate(2, 4)
    """`read` and `focus`, per session; beyond it the last one wins."""
    create: Rate = Rate(20 / 3600, 20)
    invite: Rate = Rate(100 / 3600, 100)
    log_in_account: Rate = Rate(5 / 60, 5)
    log_in_address: Rate = Rate(20 / 60, 20)
    sign_up_address: Rate = Rate(5 / 3600, 5)
    refresh: Rate = Rate(10 / 60, 10)
    search_users: Rate = Rate(5, 10)


RATES = Rates()
