"""Sizes, counts and rates: the one table that the server enforces, `welcome` tells and the documents print."""

import msgspec

from seriatim.core import names


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a client has to respect; sent in `welcome`, changed by settings."""

    frame_bytes: int = 64 * 1024
    """Largest WebSocket frame and assembled message."""
    frames_per_message: int = 64
    """Most frames in one JSON array."""
    body_bytes: int = 16 * 1024
    """Largest message body, in bytes of UTF-8."""
    name_code_points: int = names.NAME_CODE_POINTS
    """Longest name of a user or a device."""
    title_code_points: int = 128
    """Longest title of a conversation."""
    topic_code_points: int = 1_024
    """Longest topic of a conversation."""
    emoji_bytes: int = 64
    """Longest emoji of a reaction, in bytes of UTF-8."""
    reaction_kinds: int = 50
    """Most different emoji on one message or poll."""
    pins: int = 100
    """Most pins of a conversation."""
    question_code_points: int = 300
    """Longest question of a poll."""
    option_code_points: int = 100
    """Longest option of a poll."""
    poll_options: int = 10
    """Most options of a poll; two at least."""
    mentions: int = 50
    """Most people mentioned in one message."""
    page_entries: int = 200
    """Most entries of one `page`."""
    heads_rows: int = 1_000
    """Most rows of one `welcome` or `heads`."""
    compare_rows: int = 200
    """Most entries of one `compare`."""
    focus_ids: int = 100
    """Most conversations of one `ping`; most conversations and people of one `focus` together."""
    status_code_points: int = 140
    """Longest text of a presence."""
    members: int = 10_000
    """Most members of a conversation."""
    commands_in_flight: int = 100
    """Most unanswered commands of one session."""


LIMITS = Limits()

FRAGMENTS = 64
"""Most fragments of one assembled message."""
REFUSED_FRAMES, REFUSED_FRAMES_WINDOW_S = 10, 60.0
"""Refused frames a connection may send before it is closed with 4400."""
CONTROL_FRAMES_PER_S = 10
"""Pings, pongs and closes of WebSocket itself."""

HELLO_WITHIN_S = 10.0
"""Beyond it: 4408."""
PONG_WITHIN_S = 10.0
"""Beyond `HEARTBEAT_S` and this: 4002."""
STALLED_WRITE_S = 10.0
"""A peer that takes nothing for so long is closed with 4001."""
HEARTBEAT_S = 25.0
"""Between two pings of a client."""
TOKEN_LIFE_S = 600.0
"""An access token is good for so long; a setting."""
TOKEN_GRACE_S = 60.0
"""A socket lives this long past its token before it is closed with 4401."""

OUTBOX_BYTES = 1024 * 1024
"""What waits for one slow session; beyond it `gap` frames, then 4001."""
OUTBOX_FRAMES = 1_000
"""The same, in frames."""
ALL_OUTBOXES_BYTES = 512 * 1024 * 1024
"""What waits for all slow sessions of a process; beyond it the largest is closed."""

HOLD_BACK_ENTRIES = 500
"""Entries that a client holds back while one before them is missing."""
HOLD_BACK_S = 0.15
"""How long it waits for the missing one before it fetches."""
HOLE_ENTRIES = 1_000
"""A client that is further behind loads the newest page first and keeps a hole."""

RESUME_TOKEN_BYTES = 1_024
"""A longer one is refused; a false one tells all heads."""
DEVICES_PER_USER = 20
"""One more is refused until another is signed out."""
SOCKETS_PER_USER = 50
"""One more is closed with 4403."""
FETCHES_IN_FLIGHT = 4
"""Unanswered `fetch` and `compare` commands, and pages of lists over HTTP, of one device."""
UNAUTHENTICATED_SOCKETS_PER_ADDRESS = 50
"""Beyond it 503 with a time to come back; a setting."""
HANDSHAKES_PER_S = 1_000
"""Per process; beyond it 503 with a time to come back; a setting."""
CREATE_MEMBERS = 200
"""Most members named in one `create`; more are invited or join."""
INVITE_USERS = 100
"""Most people added by one `invite`."""
SLOW_MODE_S = 21_600
"""Longest time between two messages of one member that a conversation may ask for."""


MARKS_MEMBERS = 50
"""Larger conversations keep no delivered marks, and tell how many have read, not who."""
RECEIVED_ROWS = 200
"""Most conversations of one `received`."""
RECEIVED_EVERY_S = 0.5
"""A `received` that comes sooner after the one before is dropped: a later one says it again."""
DRAFTS = 200
"""Most conversations and threads with a draft, per user."""
SAVED = 10_000
"""Most saved messages, per user."""
SCHEDULED = 100
"""Most messages that wait for their time, and most reminders, per user."""
SCHEDULE_DAYS = 366
"""Furthest time of a scheduled message or a reminder."""

SLASH_CODE_POINTS = 4_000
"""Longest text of a slash command, and of an answer that only its caller sees."""
SLASH_WITHIN_S = 3.0
"""A bot that has not answered a call by then is away."""

FOCUS_EVERY_S = 0.5
"""Of the `focus` frames that come faster, the last one counts."""
TYPING_EVERY_S = 3.0
"""A session says once in this time that somebody types; what comes faster is dropped."""
TYPING_SHOWN_S = 6.0
"""Who hears no more of it takes it off the screen after this time."""
PRESENCE_EVERY_S = 1.0
"""A session gets at most one `presence` frame in this time; of several changes of one person the last one counts."""
OFFLINE_AFTER_S = 10.0
"""Who has no connection for this long is told to be offline; who is back before is not."""
LEASE_S = 15.0
"""A process that is not heard of for this long is dead, and so its sessions' people are offline."""
DOTS_MEMBERS = 250
"""In larger conversations `presence` tells how many are online, not who."""


POLL_DAYS = 30
"""Longest time until a poll closes by itself."""


class Rate(msgspec.Struct, frozen=True):
    """A token bucket: `per_s` tokens a second, at most `burst` saved."""

    per_s: float
    burst: int


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """The front door's token buckets; beyond one: `rate_limited` with `retry_after_ms`."""

    send: Rate = Rate(10, 30)
    """`send`, `forward` and `start_poll`, per user."""
    conversation_send: Rate = Rate(20, 20)
    """The same, per conversation; its owners and admins are let in when they send again."""
    fetch: Rate = Rate(20, 40)
    """`fetch` and `compare`, per device."""
    frames: Rate = Rate(50, 200)
    """Frames of any type, per session."""
    create: Rate = Rate(20 / 3600, 20)
    """`create`, per user."""
    invite: Rate = Rate(100 / 3600, 100)
    """`invite`, per user."""
    change: Rate = Rate(1, 30)
    """`join`, `leave`, `remove`, `set_role`, `set_settings`, `set_presence`, moderators' acts over HTTP, per user."""
    own: Rate = Rate(5, 60)
    """`draft`, `set_mine`, `read_all`, and over HTTP settings, saved and scheduled messages, reminders, per user."""
    invitation: Rate = Rate(1 / 6, 20)
    """Invitation links looked at or used, per user."""
    report: Rate = Rate(20 / 3600, 20)
    """Reports and requests to join, per user."""
    edit: Rate = Rate(5, 20)
    """`edit`, `delete`, `react`, `unreact`, `pin`, `unpin`, `vote` and `close_poll`, per user."""
    lists: Rate = Rate(10, 60)
    """One conversation, or a page of conversations, channels or members over HTTP, per device."""
    log_in_account: Rate = Rate(5 / 60, 5)
    """Log-ins, per name."""
    log_in_address: Rate = Rate(20 / 60, 20)
    """Log-ins and sign-ups tried, and false refresh tokens, per network."""
    sign_up_address: Rate = Rate(5 / 3600, 5)
    """Accounts made, per network."""
    refresh: Rate = Rate(10 / 60, 10)
    """Token refreshes, per device."""
    reset_address: Rate = Rate(20 / 3600, 20)
    """New passwords asked for, and one-time links tried, per network."""
    reset_account: Rate = Rate(3 / 3600, 3)
    """New passwords asked for, per name or address that is typed."""
    mail: Rate = Rate(20 / 3600, 20)
    """Changes of one's own address and of what is sent there, and invitations by mail, per user."""
    webhook: Rate = Rate(1, 10)
    """Calls of an incoming webhook, per webhook."""
    picture_address: Rate = Rate(50, 2_000)
    """Pictures of emoji, per network; a browser keeps each for ever."""
    export: Rate = Rate(20 / 3600, 5)
    """Exports of conversations, and downloads of one's own export, per user."""
    search: Rate = Rate(5, 10)
    """Searches for messages, per user; at most two at once."""
    search_users: Rate = Rate(5, 10)
    """Searches for people, and changes of one's own name, per user."""


RATES = Rates()
