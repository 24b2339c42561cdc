-- append_1 with threads, mentions and limits of who may post. Like it, this is the one place that numbers messages: a seq
-- is given under the lock of its conversation's row, in the transaction that inserts the entry.

-- Inserts messages that are numbered already, moves the heads of their conversations and threads and the senders' own
-- read watermarks, and notes who was mentioned. Only called by append_with_2, which holds the locks and has turned off plans
-- that read whole tables. p_seq null: the item is not stored.
create function append_numbered_2(
    p_conversation bigint[], p_sender bigint[], p_device bigint[], p_client uuid[], p_body text[], p_target bigint[],
    p_thread bigint[], p_broadcast boolean[], p_meta text[], p_mention_item bigint[], p_mention_user bigint[],
    p_seq bigint[], p_ordinal bigint[], p_at timestamptz
) returns void language plpgsql volatile as $$
begin
    with new as materialized (
        select n.*, case when n.thread_seq > 0 and not n.broadcast then null else n.ordinal end as main_ordinal
        from unnest(
            p_conversation, p_sender, p_device, p_client, p_body, p_target, p_thread, p_broadcast, p_meta, p_seq,
            p_ordinal
        ) as n (
            conversation_id, sender_id, device_id, client_id, body, target_seq, thread_seq, broadcast, meta, seq, ordinal
        )
        where n.seq is not null
    ), inserted as (
        insert into entries
            (conversation_id, seq, kind, sender_id, device_id, client_id, created_at, ordinal, target_seq, body,
             thread_seq, broadcast, meta)
        select n.conversation_id, n.seq, 'message_sent', n.sender_id, n.device_id, n.client_id, p_at, n.ordinal,
            nullif(n.target_seq, 0), n.body, nullif(n.thread_seq, 0), nullif(n.broadcast, false),
            nullif(n.meta, '')::jsonb
        from new n order by n.conversation_id, n.seq  -- neighbours in the indexes: 6 % less CPU in large batches
    ), heads as (
        update conversations c
        set last_seq = h.seq, last_ordinal = coalesce(h.ordinal, c.last_ordinal),
            last_message_at = case when h.ordinal is null then c.last_message_at else p_at end,
            head_xid = pg_current_xact_id()
        from (select n.conversation_id, max(n.seq) as seq, max(n.main_ordinal) as ordinal from new n group by 1) h
        where c.id = h.conversation_id
    )
    -- In the order in which readers lock them (log/watermarks), who take no lock on the conversations.
    update members m
    set read_seq = r.seq, read_ordinal = r.ordinal, own_xid = pg_current_xact_id()
    from (
        select n.conversation_id, n.sender_id, max(n.seq) as seq, max(n.main_ordinal) as ordinal
        from new n where n.main_ordinal is not null group by 1, 2 order by 1, 2
    ) r
    where m.conversation_id = r.conversation_id and m.user_id = r.sender_id;

    if cardinality(p_thread) > 0 then
        -- Who replies has read the thread up to there. Who is mentioned, and the root's author at the first reply,
        -- follows from the message before on, unless he follows already.
        with new as materialized (
            select n.*, n.after - (not n.broadcast)::integer as before
            from (
                select i.conversation_id, i.thread_seq, i.sender_id, i.broadcast, i.seq, i.item,
                    t.thread_seq is null as is_new,
                    coalesce(t.last_ordinal, 0) + count(*) filter (where not i.broadcast) over w as after,
                    row_number() over w as place
                from unnest(p_conversation, p_sender, p_thread, p_broadcast, p_seq) with ordinality
                    as i (conversation_id, sender_id, thread_seq, broadcast, seq, item)
                left join threads t on t.conversation_id = i.conversation_id and t.thread_seq = i.thread_seq
                where i.seq is not null and i.thread_seq > 0
                window w as (partition by i.conversation_id, i.thread_seq order by i.seq)
            ) n
        ), moved as (
            insert into threads as t (conversation_id, thread_seq, last_ordinal, reply_count, last_seq, last_at)
            select n.conversation_id, n.thread_seq, max(n.after), count(*), max(n.seq), p_at from new n group by 1, 2
            on conflict (conversation_id, thread_seq) do update
            set last_ordinal = excluded.last_ordinal, reply_count = t.reply_count + excluded.reply_count,
                last_seq = excluded.last_seq, last_at = excluded.last_at, xid = pg_current_xact_id()
        ), concerned as (
            select n.conversation_id, n.thread_seq, n.sender_id as user_id, n.seq as replied_seq, n.seq as read_seq,
                n.after as read_ordinal
            from new n
            union all
            select n.conversation_id, n.thread_seq, x.user_id, 0, n.seq - 1, n.before
            from unnest(p_mention_item, p_mention_user) as x (item, user_id) join new n on n.item = x.item
            where x.user_id <> n.sender_id
            union all
            select n.conversation_id, n.thread_seq, e.sender_id, 0, n.seq - 1, n.before
            from new n join entries e on e.conversation_id = n.conversation_id and e.seq = n.thread_seq
            where n.is_new and n.place = 1
        )
        insert into thread_reads as r (conversation_id, thread_seq, user_id, read_seq, read_ordinal, replied_seq)
        select o.conversation_id, o.thread_seq, o.user_id,
            coalesce(max(o.read_seq) filter (where o.replied_seq > 0), min(o.read_seq)),
            coalesce(max(o.read_ordinal) filter (where o.replied_seq > 0), min(o.read_ordinal)),
            max(o.replied_seq)
        from concerned o
        join members m on m.conversation_id = o.conversation_id and m.user_id = o.user_id and m.left_seq is null
        group by 1, 2, 3 order by 1, 2, 3  -- as readers lock them (log/threads)
        on conflict (conversation_id, thread_seq, user_id) do update
        set following = true, read_seq = greatest(r.read_seq, excluded.read_seq),
            read_ordinal = greatest(r.read_ordinal, excluded.read_ordinal),
            replied_seq = greatest(r.replied_seq, excluded.replied_seq), xid = pg_current_xact_id()
        where excluded.replied_seq > 0 or not r.following;
    end if;

    if cardinality(p_mention_item) > 0 then
        insert into mentions (conversation_id, user_id, thread_seq, seq)
        select p_conversation[x.item], x.user_id,
            case when p_broadcast[x.item] then 0 else coalesce(p_thread[x.item], 0) end, p_seq[x.item]
        from (
            select x.item, x.user_id, bool_or(x.user_id = 0) over (partition by x.item) as everybody
            from unnest(p_mention_item, p_mention_user) as x (item, user_id)
        ) x
        left join members m
            on m.conversation_id = p_conversation[x.item] and m.user_id = x.user_id and m.left_seq is null
        where p_seq[x.item] is not null and case when x.everybody then x.user_id = 0
            else m.user_id is not null and x.user_id <> p_sender[x.item] end;
    end if;
end
$$;

-- Says whether the first reply may hang on a message: the status of append_with_2. Whoever may not read it is told the same
-- as if there were none (log/access).
create function append_root_2(
    p_history text, p_visibility text, p_joined_seq bigint, p_thread bigint, p_ordinal bigint, p_root_thread bigint
) returns integer language sql immutable as $$
    select case
        when p_ordinal is null then 6
        when p_thread < p_joined_seq
            and coalesce(p_history, case when p_visibility = 'public' then 'all' else 'joined' end) <> 'all' then 6
        when p_root_thread is not null then 7
        else 0
    end
$$;

-- Stores a batch of messages as if they had come one by one, and returns one row of arrays in their order.
-- p_target: the seq quoted, p_thread: the root of its thread, 0 for none; p_broadcast: a reply that also stands in the
-- main timeline; p_meta: JSON of what a message holds besides, '' for none; mentions: pairs of the 1-based item and the
-- user, 0 everybody, none twice. p_thread, p_broadcast and p_meta are empty where append_2 has found a batch to be no
-- common one.
-- status: 0 stored · 1 duplicate (of the same content: the stored seq and time) · 2 key reused · 3 not found (or not to
-- be known) · 4 forbidden · 5 no such target · 6 no such thread · 7 a reply is no thread's root · 8 archived ·
-- 9 silenced · 10 below the role that may post · 11 slow mode · 12 may not mention everybody · 13 not so often.
-- From 2 on seq is 0 and ordinal the milliseconds after which it may be tried again, 0: that does not help (no nulls).
--
-- 1. Locks, in id order so that servers cannot deadlock. This stays the first statement: it writes WAL, so that the ack
--    of a duplicate waits for the standby too, and every later statement has a snapshot that sees what earlier holders
--    of the locks have committed.
-- 2. The common batch, all new keys of members who may post, is numbered and inserted without looking any key up: the
--    unique key finds retries.
-- 3. A batch with a retry or a doubt in it is looked up first and then decided one by one, in memory: linear as well.
create function append_with_2(
    p_conversation bigint[], p_sender bigint[], p_device bigint[], p_client uuid[], p_body text[], p_target bigint[],
    p_thread bigint[], p_broadcast boolean[], p_meta text[], p_mention_item bigint[], p_mention_user bigint[],
    out seq bigint[], out created_at timestamptz[], out ordinal bigint[], out roster_version integer[],
    out status smallint[]
) language plpgsql volatile
-- Without these the planner hash-joins whole tables as soon as a batch is large.
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
set plan_cache_mode = force_generic_plan set jit = off
as $$
#variable_conflict use_column
declare
    n constant integer := cardinality(p_conversation);
    v_now timestamptz;
    v_plain boolean := false;
    v_base_seq bigint[];      -- the head before this batch
    v_base_ordinal bigint[];
    v_base_reply bigint[];    -- the last ordinal of its thread before this batch
    v_standing smallint[];    -- 0 may send, or the status that refuses
    v_root smallint[];        -- 0 may be replied to, or the status that refuses
    v_slow_s integer[];       -- what lies between two messages of this sender, 0: nothing
    v_all smallint[];         -- whether everybody is mentioned: 0 no · 1 by somebody who may · 2 by somebody who may not
    v_before integer[];       -- the item before this one in the same conversation, null: none
    v_first integer[];        -- the first item with the same key
    v_reply integer[];        -- the first item with the same conversation and thread
    v_author integer[];       -- the first item with the same conversation and sender
    v_sent_at timestamptz[];  -- per first item of an author: his last message in slow mode
    v_all_at timestamptz[];   -- per first item of an author: when he last mentioned everybody
    v_old_seq bigint[];       -- what is stored under this key
    v_old_at timestamptz[];
    v_old_ordinal bigint[];
    v_old_same boolean[];
    v_count integer[];        -- stored so far in this conversation
    v_main integer[];         -- of these, in its main timeline
    v_holder integer[];       -- per first item: which one was stored
    v_replies integer[];      -- per first item of a thread: replies so far that count there; null: none at all
    v_new_seq bigint[];
    v_noted boolean := false; -- whether something of the senders is to be noted
    v_wait_ms bigint;
    b integer;
    c integer;
    d integer;
    h integer;
    r integer;
begin
    perform 1 from conversations c where c.id = any (p_conversation) order by c.id for no key update;
    v_now := clock_timestamp();

    if cardinality(p_thread) > 0 then
        select array_agg(q.seq), array_agg(q.ordinal), array_agg(q.roster_version), coalesce(bool_and(q.plain), false)
        into seq, ordinal, roster_version, v_plain
        from (
            select
                c.last_seq + row_number() over w as seq,
                case when i.thread_seq > 0 and not i.broadcast
                    then coalesce(t.last_ordinal, 0)
                        + row_number() over (partition by i.conversation_id, i.thread_seq, i.broadcast order by i.item)
                    else c.last_ordinal + count(*) filter (where i.thread_seq = 0 or i.broadcast) over w
                end as ordinal,
                c.roster_version,
                coalesce(
                    m.left_seq is null and m.user_id is not null and i.target_seq <= c.last_seq and not c.restricted
                    and m.silenced_until is null and (
                        i.thread_seq = 0 or t.thread_seq is not null
                        or append_root_2(
                            c.history, c.visibility, m.joined_seq, i.thread_seq, e.ordinal, e.thread_seq) = 0), false
                ) as plain
            from unnest(p_conversation, p_sender, p_target, p_thread, p_broadcast) with ordinality
                as i (conversation_id, sender_id, target_seq, thread_seq, broadcast, item)
            left join conversations c on c.id = i.conversation_id
            left join members m on m.conversation_id = i.conversation_id and m.user_id = i.sender_id
            left join threads t on t.conversation_id = i.conversation_id and t.thread_seq = i.thread_seq
            left join entries e
                on e.conversation_id = i.conversation_id and e.seq = i.thread_seq and t.thread_seq is null
            window w as (partition by i.conversation_id order by i.item)
            order by i.item
        ) q;
    end if;
    if v_plain and not 0 = any (p_mention_user) then
        begin
            perform append_numbered_2(
                p_conversation, p_sender, p_device, p_client, p_body, p_target, p_thread, p_broadcast, p_meta,
                p_mention_item, p_mention_user, seq, ordinal, v_now);
            created_at := array_fill(v_now, array[n]);
            status := array_fill(0::smallint, array[n]);
            return;
        exception when unique_violation then
            null;  -- a retry is in the batch: what the block did is rolled back
        end;
    end if;

    select
        array_agg(q.last_seq), array_agg(q.last_ordinal), array_agg(coalesce(q.roster_version, 0)), array_agg(q.standing),
        array_agg(q.before), array_agg(q.first), array_agg(q.old_seq), array_agg(q.old_at), array_agg(q.old_ordinal),
        array_agg(q.old_same), array_agg(q.last_reply), array_agg(q.root), array_agg(q.slow_s), array_agg(q.mentions_all),
        array_agg(q.reply), array_agg(q.author), array_agg(q.sent_at), array_agg(q.all_mentioned_at)
    into
        v_base_seq, v_base_ordinal, roster_version, v_standing, v_before, v_first, v_old_seq, v_old_at, v_old_ordinal,
        v_old_same, v_base_reply, v_root, v_slow_s, v_all, v_reply, v_author, v_sent_at, v_all_at
    from (
        select
            c.last_seq, c.last_ordinal, c.roster_version, m.sent_at, m.all_mentioned_at,
            (case
                when m.user_id is null and (
                    coalesce(c.visibility, 'private') = 'private'
                    or exists (select from users u where u.id = i.sender_id and u.guest)
                    or exists (select from bans b where b.conversation_id = c.id and b.user_id = i.sender_id)) then 3
                when m.user_id is null or m.left_seq is not null then 4
                when c.archived_at is not null then 8
                when m.silenced_until > v_now then 9
                when c.post_role <> 'member' and m.role <> 'owner' and m.role <> c.post_role then 10
                else 0
            end)::smallint as standing,
            case when m.role in ('admin', 'owner') then 0 else c.slow_mode_s end as slow_s,
            (case
                when x.item is null then 0
                when m.role in ('admin', 'owner') then 1
                when m.role = 'member' and c.kind <> 'channel' and c.member_count <= 50 then 1
                else 2
            end)::smallint as mentions_all,
            (case
                when t.thread_seq is not null then 0
                else append_root_2(c.history, c.visibility, m.joined_seq, i.thread_seq, r.ordinal, r.thread_seq)
            end)::smallint as root,
            coalesce(t.last_ordinal, 0) as last_reply,
            (lag(i.item) over (partition by i.conversation_id order by i.item))::integer as before,
            (min(i.item) over (partition by i.conversation_id, i.device_id, i.client_id))::integer as first,
            (min(i.item) over (partition by i.conversation_id, i.thread_seq))::integer as reply,
            (min(i.item) over (partition by i.conversation_id, i.sender_id))::integer as author,
            e.seq as old_seq, e.created_at as old_at, e.ordinal as old_ordinal,
            coalesce(e.thread_seq, 0) = coalesce(i.thread_seq, 0)
                and coalesce(e.broadcast, false) = coalesce(i.broadcast, false)
                and case  -- the function knows what was edited or deleted since
                    when e.edited_seq is null and e.deleted_seq is null
                    then e.kind = 'message_sent' and e.body = i.body and coalesce(e.target_seq, 0) = i.target_seq
                        and e.meta is not distinct from nullif(i.meta, '')::jsonb
                    else is_same_wish_1(e, 'message_sent', nullif(i.meta, '')::jsonb, i.target_seq, i.body)
                end as old_same
        from unnest(p_conversation, p_sender, p_device, p_client, p_body, p_target, p_thread, p_broadcast, p_meta)
            with ordinality as i (
                conversation_id, sender_id, device_id, client_id, body, target_seq, thread_seq, broadcast, meta, item)
        left join conversations c on c.id = i.conversation_id
        left join members m on m.conversation_id = i.conversation_id and m.user_id = i.sender_id
        left join threads t on t.conversation_id = i.conversation_id and t.thread_seq = i.thread_seq
        left join entries r
            on r.conversation_id = i.conversation_id and r.seq = i.thread_seq and t.thread_seq is null
        left join unnest(p_mention_item, p_mention_user) as x (item, user_id) on x.user_id = 0 and x.item = i.item
        left join entries e
            on e.conversation_id = i.conversation_id and e.device_id = i.device_id and e.client_id = i.client_id
        order by i.item
    ) q;

    seq := array_fill(0::bigint, array[n]);
    ordinal := seq;
    v_count := array_fill(0, array[n]);
    v_main := v_count;
    v_holder := v_count;
    v_new_seq := array_fill(null::bigint, array[n]);
    v_replies := array_fill(null::integer, array[n]);
    created_at := array_fill(v_now, array[n]);
    status := v_standing;
    for i in 1 .. n loop
        b := v_before[i];
        c := coalesce(v_count[b], 0);
        d := coalesce(v_main[b], 0);
        h := v_holder[v_first[i]];
        v_wait_ms := 0;
        if v_old_seq[i] is not null then
            status[i] := case when v_old_same[i] then 1 else 2 end;
            if v_old_same[i] then
                seq[i] := v_old_seq[i];
                ordinal[i] := v_old_ordinal[i];
                created_at[i] := v_old_at[i];
            end if;
        elsif h > 0 then
            status[i] := case
                when p_body[i] = p_body[h] and p_target[i] = p_target[h]
                    and p_thread[i] is not distinct from p_thread[h]
                    and p_broadcast[i] is not distinct from p_broadcast[h] and p_meta[i] is not distinct from p_meta[h]
                then 1 else 2
            end;
            if status[i] = 1 then
                seq[i] := seq[h];
                ordinal[i] := ordinal[h];
            end if;
        elsif status[i] = 0 then
            r := v_author[i];
            if p_thread[i] > 0 and v_root[i] <> 0 and v_replies[v_reply[i]] is null then
                status[i] := v_root[i];
                -- The root may have been stored in this batch.
                if p_thread[i] > v_base_seq[i] then
                    while b is not null and (v_new_seq[b] is null or v_new_seq[b] > p_thread[i]) loop
                        b := v_before[b];
                    end loop;
                    if v_new_seq[b] = p_thread[i] then
                        status[i] := case when p_thread[b] > 0 then 7 else 0 end;
                    end if;
                end if;
            end if;
            if p_target[i] > v_base_seq[i] + c then
                status[i] := 5;
            end if;
            if status[i] = 0 and v_slow_s[i] > 0 and v_sent_at[r] + v_slow_s[i] * interval '1 second' > v_now then
                status[i] := 11;
                v_wait_ms := v_slow_s[i] * 1000 - extract(epoch from v_now - v_sent_at[r]) * 1000;
            elsif status[i] = 0 and v_all[i] = 2 then
                status[i] := 12;
            elsif status[i] = 0 and v_all[i] = 1 and v_all_at[r] + interval '10 minutes' > v_now then
                status[i] := 13;
                v_wait_ms := 600000 - extract(epoch from v_now - v_all_at[r]) * 1000;
            end if;
            if status[i] = 0 then
                c := c + 1;
                seq[i] := v_base_seq[i] + c;
                if p_thread[i] > 0 then
                    v_replies[v_reply[i]] := coalesce(v_replies[v_reply[i]], 0) + (not p_broadcast[i])::integer;
                end if;
                if p_thread[i] > 0 and not p_broadcast[i] then
                    ordinal[i] := v_base_reply[i] + v_replies[v_reply[i]];
                else
                    d := d + 1;
                    ordinal[i] := v_base_ordinal[i] + d;
                end if;
                v_new_seq[i] := seq[i];
                v_holder[v_first[i]] := i;
                if v_slow_s[i] > 0 then
                    v_sent_at[r] := v_now;
                    v_noted := true;
                end if;
                if v_all[i] = 1 then
                    v_all_at[r] := v_now;
                    v_noted := true;
                end if;
            else
                ordinal[i] := greatest(v_wait_ms, 0);
            end if;
        end if;
        v_count[i] := c;
        v_main[i] := d;
    end loop;
    if v_noted then
        -- All that this batch updates, in the order of readers.
        perform 1
        from (
            select distinct i.conversation_id, i.sender_id
            from unnest(p_conversation, p_sender, v_new_seq) as i (conversation_id, sender_id, seq)
            where i.seq is not null
        ) i
        join members m on m.conversation_id = i.conversation_id and m.user_id = i.sender_id
        order by m.conversation_id, m.user_id for no key update of m;
        update members m set sent_at = a.sent_at, all_mentioned_at = a.all_mentioned_at
        from unnest(p_conversation, p_sender, v_sent_at, v_all_at, v_author) with ordinality
            as a (conversation_id, sender_id, sent_at, all_mentioned_at, author, item)
        where a.author = a.item and m.conversation_id = a.conversation_id and m.user_id = a.sender_id
            and (m.sent_at is distinct from a.sent_at or m.all_mentioned_at is distinct from a.all_mentioned_at);
    end if;
    perform append_numbered_2(
        p_conversation, p_sender, p_device, p_client, p_body, p_target, p_thread, p_broadcast, p_meta, p_mention_item,
        p_mention_user, v_new_seq, ordinal, v_now);
end
$$;

-- The same for messages that have none of all this, which is nearly every batch: three arrays more to unnest and five
-- more to pass would cost each call 15 us.
create function append_2(
    p_conversation bigint[], p_sender bigint[], p_device bigint[], p_client uuid[], p_body text[], p_target bigint[],
    out seq bigint[], out created_at timestamptz[], out ordinal bigint[], out roster_version integer[],
    out status smallint[]
) language plpgsql volatile
-- Without these the planner hash-joins whole tables as soon as a batch is large.
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
set plan_cache_mode = force_generic_plan set jit = off
as $$
#variable_conflict use_column
declare
    n constant integer := cardinality(p_conversation);
    v_now timestamptz;
    v_plain boolean;
begin
    perform 1 from conversations c where c.id = any (p_conversation) order by c.id for no key update;
    v_now := clock_timestamp();

    select array_agg(q.seq), array_agg(q.ordinal), array_agg(q.roster_version), coalesce(bool_and(q.plain), false)
    into seq, ordinal, roster_version, v_plain
    from (
        select
            c.last_seq + row_number() over w as seq,
            c.last_ordinal + row_number() over w as ordinal,
            c.roster_version,
            coalesce(
                m.left_seq is null and m.user_id is not null and i.target_seq <= c.last_seq and not c.restricted
                and m.silenced_until is null, false) as plain
        from unnest(p_conversation, p_sender, p_target) with ordinality
            as i (conversation_id, sender_id, target_seq, item)
        left join conversations c on c.id = i.conversation_id
        left join members m on m.conversation_id = i.conversation_id and m.user_id = i.sender_id
        window w as (partition by i.conversation_id order by i.item)
        order by i.item
    ) q;
    if v_plain then
        begin
            perform append_numbered_1(
                p_conversation, p_sender, p_device, p_client, p_body, p_target, seq, ordinal, v_now);
            created_at := array_fill(v_now, array[n]);
            status := array_fill(0::smallint, array[n]);
            return;
        exception when unique_violation then
            null;  -- a retry is in the batch: what the block did is rolled back
        end;
    end if;
    select a.seq, a.created_at, a.ordinal, a.roster_version, a.status
    into seq, created_at, ordinal, roster_version, status
    from append_with_2(
        p_conversation, p_sender, p_device, p_client, p_body, p_target, '{}', '{}', '{}', '{}', '{}') a;
end
$$;
