"""Entries in their present state: the SQL that reads rows with what became of them, for those who read on and who left.

The state of a message or poll stands in its row (who edited, deleted and pinned it last); its reactions and votes are
counted in tables beside it. A reader who has left sees a message as it was when he left, but never what was deleted.
"""

from typing import LiteralString

from seriatim.log.entry_rows import COLUMNS

# The conditions on e are tested before the tables are looked at, so that plain messages cost nothing.
STATE_NOW: LiteralString = f"""
select {COLUMNS}, r.reactions, p.poll, t.thread
from entries e
left join lateral (
    select jsonb_agg(jsonb_build_array(k.emoji, k.count, exists (
        select from reactions m where m.conversation_id = k.conversation_id and m.seq = k.seq and m.emoji = k.emoji
            and m.user_id = %(user_id)s)) order by k.count desc, k.emoji) as reactions
    from reaction_counts k
    where e.changed_seq is not null and k.conversation_id = e.conversation_id and k.seq = e.seq
) r on true
left join lateral (
    select jsonb_build_object('votes', o.votes, 'voters', o.voters, 'closed_seq', o.closed_seq,
        'chosen', coalesce(v.options, '{{}}')) as poll
    from polls o left join poll_votes v
        on v.conversation_id = o.conversation_id and v.seq = o.seq and v.user_id = %(user_id)s
    where e.kind = 'poll_started' and o.conversation_id = e.conversation_id and o.seq = e.seq
) p on true
left join lateral (
    select jsonb_build_object('count', t.reply_count, 'last_seq', t.last_seq, 'last_at', t.last_at) as thread
    from threads t
    where e.ordinal is not null and e.thread_seq is null and t.conversation_id = e.conversation_id
        and t.thread_seq = e.seq
) t on true"""
"""Begins a statement that reads EntryRows of `entries e` as %(user_id)s sees them now."""


def columns_until(until: LiteralString) -> LiteralString:
    """Return the columns of an EntryRow of `entries e` as they were when `until` (an SQL expression) was the last seq.

    What was deleted since is gone all the same.
    """
    edits: LiteralString = (
        "from entries f where f.conversation_id = e.conversation_id and f.target_seq = e.seq and f.outcome is not null"
    )
    body: LiteralString = f"""case when e.edited_seq > {until} and e.deleted_seq is null
        then (select f.outcome ->> 'previous' {edits} and f.seq > {until} order by f.seq limit 1) else e.body end"""
    edited: LiteralString = f"""case when e.edited_seq > {until}
        then (select max(f.seq) {edits} and f.seq <= {until}) else e.edited_seq end"""
    changed: LiteralString = f"case when e.changed_seq <= {until} then e.changed_seq end"
    pinned: LiteralString = f"case when e.pinned_seq <= {until} then e.pinned_seq end"
    before, _, after = COLUMNS.partition("e.body, e.meta, e.changed_seq, e.edited_seq, e.deleted_seq, e.pinned_seq")
    return (
        before
        + f"{body} as body, e.meta, {changed} as changed_seq, {edited} as edited_seq, e.deleted_seq,"
        + f" {pinned} as pinned_seq"
        + after
    )


STATE_UNTIL: LiteralString = f"""
select {columns_until("%(until)s")}, r.reactions, p.poll, t.thread
from entries e
left join lateral (
    select jsonb_agg(jsonb_build_array(k.emoji, k.count, k.mine) order by k.count desc, k.emoji) as reactions
    from (
        select m.emoji, count(*) as count, bool_or(m.user_id = %(user_id)s) as mine from reactions m
        where e.changed_seq is not null and m.conversation_id = e.conversation_id and m.seq = e.seq
            and m.reaction_seq <= %(until)s
        group by m.emoji
    ) k
) r on true
left join lateral (
    select coalesce(f.outcome - 'anonymous', '{{}}') || jsonb_build_object(
        'closed_seq', case when o.closed_seq <= %(until)s then o.closed_seq end,
        'chosen', coalesce(v.options, '{{}}')) as poll
    from polls o
    left join poll_votes v on v.conversation_id = o.conversation_id and v.seq = o.seq and v.user_id = %(user_id)s
    left join lateral (
        select f.outcome from entries f where f.conversation_id = e.conversation_id and f.target_seq = e.seq
            and f.outcome is not null and f.seq <= %(until)s order by f.seq desc limit 1
    ) f on true
    where e.kind = 'poll_started' and o.conversation_id = e.conversation_id and o.seq = e.seq
) p on true
left join lateral (
    select jsonb_build_object('count', count(*), 'last_seq', max(f.seq),
        'last_at', max(coalesce((f.meta->>'sent_at')::timestamptz, f.created_at))) as thread
    from entries f
    where e.ordinal is not null and e.thread_seq is null and f.conversation_id = e.conversation_id
        and f.thread_seq = e.seq and f.seq <= %(until)s
    having count(*) > 0
) t on true"""
"""The same, as they were when the entry %(until)s was the last."""
