"""What is a user's own: drafts, levels, saved and scheduled messages."""

from seriatim.storage.postgres.revision import execute

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SQL = """
-- Hidden until a message comes: hidden_ordinal is that of the last one when it was hidden. Marked unread until the read
-- mark moves: marked_seq is where it stood. So neither a message nor a read has to take anything back. mine_xid: when
-- any of these was last set; null: none ever was. None of them stands in an index but that (HOT).
alter table members
    add column level          text check (level in ('all', 'mentions', 'nothing')),
    add column muted_until    timestamptz,
    add column pinned         boolean not null default false,
    add column hidden_ordinal bigint,
    add column marked_seq     bigint,
    add column mine_xid       xid8;
create index members_mine on members (user_id, mine_xid) where mine_xid is not null;

-- Small things of one user, told to his devices: `settings`, `draft/<conversation>/<thread>`, and when his lists of
-- saved and scheduled messages and of reminders changed. changed_at: of a draft by its device's clock, and the later
-- one wins.
create table user_state (
    user_id    bigint not null references users (id) on delete cascade,
    key        text collate "C" not null,
    value      jsonb not null,
    changed_at timestamptz not null default clock_timestamp(),
    xid        xid8 not null default pg_current_xact_id(),
    primary key (user_id, key)
);
create index user_state_by_xid on user_state (user_id, xid);
-- Who neither gives nor sees read receipts.
create index user_state_without_receipts on user_state (user_id)
    where key = 'settings' and value ->> 'read_receipts' = 'false';

create table saved (
    user_id         bigint not null references users (id) on delete cascade,
    conversation_id bigint not null,
    seq             bigint not null,
    saved_at        timestamptz not null default clock_timestamp(),
    primary key (user_id, conversation_id, seq)
);
create index saved_by_time on saved (user_id, saved_at, conversation_id, seq);

-- `command` is the frame that its device would have sent; under the same key it is stored once, however often it is
-- tried. refused_code: it was refused for good, and is kept to be seen.
create table scheduled (
    id              bigint primary key check (id between 1 and 9007199254740991),
    user_id         bigint not null references users (id) on delete cascade,
    device_id       bigint not null,
    conversation_id bigint not null,
    client_id       uuid not null,
    command         jsonb not null,
    send_at         timestamptz not null,
    try_at          timestamptz not null,
    refused_code    text,
    unique (conversation_id, device_id, client_id)
);
create index scheduled_due on scheduled (try_at) where refused_code is null;
create index scheduled_by_user on scheduled (user_id, send_at, id);

-- told_at: its time has come; it stays until it is dismissed.
create table reminders (
    id              bigint primary key check (id between 1 and 9007199254740991),
    user_id         bigint not null references users (id) on delete cascade,
    conversation_id bigint not null,
    seq             bigint not null,
    remind_at       timestamptz not null,
    told_at         timestamptz,
    unique (user_id, conversation_id, seq, remind_at)
);
create index reminders_due on reminders (remind_at) where told_at is null;
create index reminders_by_user on reminders (user_id, remind_at, id);

-- Every mention, read or not, of the last months; user 0 is everybody: one shared row, never one per member.
create table mention_log (
    user_id         bigint not null,
    conversation_id bigint not null,
    seq             bigint not null,
    sender_id       bigint not null,
    mentioned_at    timestamptz not null,
    primary key (user_id, conversation_id, seq)
);
create index mention_log_by_user on mention_log (user_id, mentioned_at, conversation_id, seq) where user_id <> 0;
create index mention_log_of_all on mention_log (conversation_id, mentioned_at, seq) where user_id = 0;
create index mention_log_by_time on mention_log (mentioned_at);
"""


def upgrade() -> None:
    """Create the columns, tables and indexes."""
    execute(SQL)
