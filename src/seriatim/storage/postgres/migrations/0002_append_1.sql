-- The one place that numbers entries. A seq is given under the lock of its conversation's row, in the transaction that
-- inserts the entry: so 1, 2, 3 ... without a gap, also with many servers.

-- Inserts messages that are numbered already, moves the heads of their conversations and the senders' own read
-- watermarks. Only called by append_1, which holds the locks and has turned off plans that read whole tables.
create function append_numbered_1(
    p_conversation bigint[], p_sender bigint[], p_device bigint[], p_client uuid[], p_body text[], p_target bigint[],
    p_seq bigint[], p_ordinal bigint[], p_at timestamptz
) returns void language plpgsql volatile as $$
begin
    with new as materialized (
        select n.*
        from unnest(p_conversation, p_sender, p_device, p_client, p_body, p_target, p_seq, p_ordinal)
            as n (conversation_id, sender_id, device_id, client_id, body, target_seq, seq, ordinal)
        where n.seq is not null
    ), inserted as (
        insert into entries
            (conversation_id, seq, kind, sender_id, device_id, client_id, created_at, ordinal, target_seq, body)
        select n.conversation_id, n.seq, 'message_sent', n.sender_id, n.device_id, n.client_id, p_at, n.ordinal,
            nullif(n.target_seq, 0), n.body
        from new n order by n.conversation_id, n.seq  -- neighbours in the indexes: 6 % less CPU in large batches
    ), heads as (
        update conversations c
        set last_seq = h.seq, last_ordinal = h.ordinal, last_message_at = p_at, head_xid = pg_current_xact_id()
        from (select n.conversation_id, max(n.seq) as seq, max(n.ordinal) as ordinal from new n group by 1) h
        where c.id = h.conversation_id
    )
    -- In the order in which readers lock them (log/watermarks), who take no lock on the conversations.
    update members m
    set read_seq = r.seq, read_ordinal = r.ordinal, own_xid = pg_current_xact_id()
    from (
        select n.conversation_id, n.sender_id, max(n.seq) as seq, max(n.ordinal) as ordinal
        from new n group by 1, 2 order by 1, 2
    ) r
    where m.conversation_id = r.conversation_id and m.user_id = r.sender_id;
end
$$;

-- Stores a batch of messages as if they had come one by one, and returns one row of arrays in their order.
-- p_target: the seq quoted, 0 for none. status: 0 stored · 1 duplicate (of the same body and target: the stored seq and
-- time) · 2 key reused · 3 not found (or not to be known) · 4 forbidden · 5 no such target; seq is 0 from 2 on (no nulls).
--
-- 1. Locks, in id order so that servers cannot deadlock. This stays the first statement: it writes WAL, so that the ack
--    of a duplicate waits for the standby too, and every later statement has a snapshot that sees what earlier holders
--    of the locks have committed.
-- 2. The common batch, all new keys of members, is numbered and inserted in two statements without looking any key up:
--    the unique key finds retries.
-- 3. A batch with a retry or a refusal in it is looked up first and then decided one by one, in memory: linear as well.
create function append_1(
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
    v_base_seq bigint[];      -- the head before this batch
    v_base_ordinal bigint[];
    v_standing smallint[];    -- 0 may send, or the status that refuses
    v_before integer[];       -- the item before this one in the same conversation, null: none
    v_first integer[];        -- the first item with the same key
    v_old_seq bigint[];       -- what is stored under this key
    v_old_at timestamptz[];
    v_old_ordinal bigint[];
    v_old_same boolean[];
    v_count integer[] := array_fill(0, array[cardinality(p_conversation)]);   -- stored so far in this conversation
    v_holder integer[] := array_fill(0, array[cardinality(p_conversation)]);  -- per first item: which one was stored
    v_new_seq bigint[];
    c integer;
    h integer;
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
            coalesce(m.left_seq is null and m.user_id is not null and i.target_seq <= c.last_seq, false) as plain
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

    select
        array_agg(q.last_seq), array_agg(q.last_ordinal), array_agg(coalesce(q.roster_version, 0)), array_agg(q.standing),
        array_agg(q.before), array_agg(q.first), array_agg(q.old_seq), array_agg(q.old_at), array_agg(q.old_ordinal),
        array_agg(q.old_same)
    into
        v_base_seq, v_base_ordinal, roster_version, v_standing, v_before, v_first, v_old_seq, v_old_at, v_old_ordinal,
        v_old_same
    from (
        select
            c.last_seq, c.last_ordinal, c.roster_version,
            (case
                when m.user_id is not null and m.left_seq is null then 0
                when m.user_id is not null or c.visibility = 'public' then 4
                else 3
            end)::smallint as standing,
            (lag(i.item) over (partition by i.conversation_id order by i.item))::integer as before,
            (min(i.item) over (partition by i.conversation_id, i.device_id, i.client_id))::integer as first,
            e.seq as old_seq, e.created_at as old_at, e.ordinal as old_ordinal,
            e.kind = 'message_sent' and e.body = i.body and coalesce(e.target_seq, 0) = i.target_seq as old_same
        from unnest(p_conversation, p_sender, p_device, p_client, p_body, p_target) with ordinality
            as i (conversation_id, sender_id, device_id, client_id, body, target_seq, item)
        left join conversations c on c.id = i.conversation_id
        left join members m on m.conversation_id = i.conversation_id and m.user_id = i.sender_id
        left join entries e
            on e.conversation_id = i.conversation_id and e.device_id = i.device_id and e.client_id = i.client_id
        order by i.item
    ) q;

    seq := array_fill(0::bigint, array[n]);
    ordinal := seq;
    v_new_seq := array_fill(null::bigint, array[n]);
    created_at := array_fill(v_now, array[n]);
    status := v_standing;
    for i in 1 .. n loop
        c := coalesce(v_count[v_before[i]], 0);
        h := v_holder[v_first[i]];
        if v_old_seq[i] is not null then
            status[i] := case when v_old_same[i] then 1 else 2 end;
            if v_old_same[i] then
                seq[i] := v_old_seq[i];
                ordinal[i] := v_old_ordinal[i];
                created_at[i] := v_old_at[i];
            end if;
        elsif h > 0 then
            status[i] := case when p_body[i] = p_body[h] and p_target[i] = p_target[h] then 1 else 2 end;
            if status[i] = 1 then
                seq[i] := seq[h];
                ordinal[i] := ordinal[h];
            end if;
        elsif status[i] = 0 and p_target[i] > v_base_seq[i] + c then
            status[i] := 5;
        elsif status[i] = 0 then
            c := c + 1;
            seq[i] := v_base_seq[i] + c;
            ordinal[i] := v_base_ordinal[i] + c;
            v_new_seq[i] := seq[i];
            v_holder[v_first[i]] := i;
        end if;
        v_count[i] := c;
    end loop;
    perform append_numbered_1(
        p_conversation, p_sender, p_device, p_client, p_body, p_target, v_new_seq, ordinal, v_now);
end
$$;

-- Stores one entry of any kind but a message as the next of its conversation, within the caller's transaction, by the
-- same rules: the lock first, then the key, then the number. Who may do it was decided by the caller under that lock.
-- status: 0 stored · 1 duplicate · 2 key reused · 3 no such conversation. entry_roster_version: of a roster entry, the
-- version it began; conversation_roster_version: the present one.
create function record_1(
    p_conversation bigint, p_kind entry_kind, p_sender bigint, p_device bigint, p_client uuid, p_meta jsonb,
    p_roster boolean,
    out status smallint, out seq bigint, out created_at timestamptz, out entry_roster_version integer,
    out conversation_roster_version integer
) language plpgsql volatile as $$
#variable_conflict use_column
begin
    select c.roster_version into conversation_roster_version
    from conversations c where c.id = p_conversation for no key update;
    if not found then
        status := 3;
        return;
    end if;
    select (case when e.kind = p_kind and e.meta = p_meta then 1 else 2 end), e.seq, e.created_at, e.roster_version
    into status, seq, created_at, entry_roster_version
    from entries e where e.conversation_id = p_conversation and e.device_id = p_device and e.client_id = p_client;
    if found then
        return;
    end if;
    update conversations c
    set last_seq = c.last_seq + 1, head_xid = pg_current_xact_id(),
        roster_version = c.roster_version + case when p_roster then 1 else 0 end
    where c.id = p_conversation
    returning c.last_seq, c.roster_version into seq, conversation_roster_version;
    status := 0;
    created_at := clock_timestamp();
    entry_roster_version := case when p_roster then conversation_roster_version end;
    insert into entries
        (conversation_id, seq, kind, sender_id, device_id, client_id, created_at, roster_version, meta)
    values
        (p_conversation, seq, p_kind, p_sender, p_device, p_client, created_at, entry_roster_version, p_meta);
end
$$;
