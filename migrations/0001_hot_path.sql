-- The hot path: each function is one prepared statement from the service and handles a batch, so that messages that
-- wait together share one commit. Locks are always taken in the order of conversation ids, so batches cannot deadlock.
-- They live in the database because each needs several snapshots in one round trip: lock first, then look.

-- Makes the person, their conversation and their addresses known. Two parallel first messages make one contact.
create function open_address(p_addresses jsonb, p_name text, p_locale text) returns void language plpgsql as $$
declare
  v_contact uuid;
begin
  perform pg_advisory_xact_lock(hashtextextended(v.value, 7))
    from (select distinct x.value from jsonb_to_recordset(p_addresses) as x(value text) order by 1) v;
  select a.contact_id into v_contact
    from jsonb_to_recordset(p_addresses) as x(channel text, kind text, value text)
    join contact_addresses a on a.channel = x.channel and a.kind = x.kind and a.value = x.value
    limit 1;
  if v_contact is null then
    -- The same telephone number on another channel: the same person, claimed (C1), never verified by this.
    select a.contact_id into v_contact
      from jsonb_to_recordset(p_addresses) as x(kind text, value text)
      join contact_addresses a on a.kind = 'e164' and a.value = x.value
      where x.kind = 'e164' limit 1;
  end if;
  if v_contact is null then
    insert into contacts (name, locale) values (p_name, p_locale) returning id into v_contact;
    insert into conversations (contact_id, locale) values (v_contact, p_locale);
  end if;
  insert into contact_addresses (contact_id, channel, kind, value)
    select v_contact, x.channel, x.kind, x.value
    from jsonb_to_recordset(p_addresses) as x(channel text, kind text, value text)
    on conflict (channel, kind, value) do nothing;
end $$;

-- Stores each message once, in order, with its event, its conversation's next seq and its open turn.
create function accept_inbound(batch jsonb)
returns table (ord int, outcome text, conversation_id uuid, seq bigint, rings boolean)
language plpgsql as $$
#variable_conflict use_column
declare
  v_item record;
  v_fresh text[];
begin
  for v_item in
    select i.addresses, i.name, i.locale
    from jsonb_to_recordset(batch) as i(addresses jsonb, name text, locale text, kind text, value text)
    where exists (
      select 1 from jsonb_to_recordset(i.addresses) as x(channel text, kind text, value text)
      where not exists (
        select 1 from contact_addresses a where a.channel = x.channel and a.kind = x.kind and a.value = x.value))
    order by i.value, i.kind
  loop
    perform open_address(v_item.addresses, v_item.name, v_item.locale);
  end loop;

  perform 1 from conversations c
    where c.contact_id in (
      select a.contact_id from jsonb_to_recordset(batch) as i(channel text, kind text, value text)
      join contact_addresses a on a.channel = i.channel and a.kind = i.kind and a.value = i.value)
    order by c.id for update;

  with fresh as (
    insert into provider_keys (key, conversation_id)
      select distinct on (i.key) i.key, c.id
      from jsonb_to_recordset(batch) as i(key text, channel text, kind text, value text)
      join contact_addresses a on a.channel = i.channel and a.kind = i.kind and a.value = i.value
      join conversations c on c.contact_id = a.contact_id
      order by i.key
    on conflict do nothing returning key)
  select coalesce(array_agg(f.key), '{}') into v_fresh from fresh f;

  return query
  with item as (
    select distinct on (i.key) i.*
    from jsonb_to_recordset(batch) as i(
      ord int, key text, type text, channel text, account text, kind text, value text, external_id text, parts jsonb,
      locale text, provider_time timestamptz, raw jsonb, wants boolean, wait_ms int, preview text, change jsonb,
      client_id text)
    where i.key = any (v_fresh)
    order by i.key, i.ord),
  placed as (
    select i.*, c.id as cid, a.id as aid, c.owner, c.status,
      c.next_seq + row_number() over (partition by c.id order by i.ord) - 1 as at_seq
    from item i
    join contact_addresses a on a.channel = i.channel and a.kind = i.kind and a.value = i.value
    join conversations c on c.contact_id = a.contact_id),
  grouped as (
    select p.cid, p.owner, p.status, count(*) as n,
      min(p.at_seq) filter (where p.type = 'message') as first_seq,
      max(p.at_seq) filter (where p.type = 'message') as last_seq,
      min(p.at_seq) filter (where p.wants) as first_wanting,
      max(p.at_seq) filter (where p.wants) as last_wanting,
      max(p.wait_ms) as wait_ms,
      (array_agg(p.aid order by p.at_seq desc) filter (where p.type = 'message'))[1] as aid,
      (array_agg(p.channel order by p.at_seq desc) filter (where p.type = 'message'))[1] as channel,
      (array_agg(p.account order by p.at_seq desc) filter (where p.type = 'message'))[1] as account,
      (array_agg(p.preview order by p.at_seq desc) filter (where p.type = 'message'))[1] as preview
    from placed p group by p.cid, p.owner, p.status),
  stored as (
    insert into messages (conversation_id, seq, author, channel, account, address_id, provider_key, external_id,
        client_id, parts, locale, provider_time, raw)
      select p.cid, p.at_seq, 'contact', p.channel, p.account, p.aid, p.key, p.external_id,
        p.client_id, p.parts, p.locale, p.provider_time, p.raw
      from placed p where p.type = 'message'),
  logged as (
    insert into events (conversation_id, seq, type, actor, data)
      select p.cid, p.at_seq, p.type, 'contact', coalesce(p.change, '{}') from placed p),
  moved as (
    update conversations c set
      next_seq = c.next_seq + g.n,
      status = case when g.last_seq is null then c.status else 'open' end,
      episode = c.episode + (g.last_seq is not null and c.status = 'resolved')::int,
      episode_from_seq = case when g.last_seq is not null and c.status = 'resolved' then g.first_seq else c.episode_from_seq end,
      flow = case when g.last_seq is not null and c.status = 'resolved' then '{}' else c.flow end,
      snoozed_until = case when g.last_seq is null then c.snoozed_until end,
      address_id = coalesce(g.aid, c.address_id),
      channel = coalesce(g.channel, c.channel),
      account = coalesce(g.account, c.account),
      preview = coalesce(g.preview, c.preview),
      last_inbound_seq = coalesce(g.last_seq, c.last_inbound_seq),
      last_inbound_at = case when g.last_seq is null then c.last_inbound_at else now() end,
      last_activity_at = now(),
      waiting_since = case when g.owner = 'assistant' then null else coalesce(c.waiting_since, now()) end
    from grouped g where c.id = g.cid),
  opened as (
    insert into turns (conversation_id, first_seq, last_seq, due_at)
      select g.cid, g.first_wanting, g.last_wanting, now() + make_interval(secs => g.wait_ms / 1000.0)
      from grouped g where g.owner = 'assistant' and g.last_wanting is not null
    on conflict (conversation_id) where state = 'open' do update set last_seq = excluded.last_seq)
  select p.ord, 'stored', p.cid, p.at_seq, p.wants and p.owner = 'assistant' from placed p
  union all
  select i.ord, 'duplicate', k.conversation_id,
    coalesce((select m.seq from messages m where m.conversation_id = k.conversation_id and m.provider_key = i.key), 0), false
  from jsonb_to_recordset(batch) as i(ord int, key text)
  join provider_keys k on k.key = i.key
  where not exists (select 1 from placed p where p.ord = i.ord);

  -- Rare beside the messages themselves: what a STOP said, and media still at the provider.
  for v_item in
    select i.* , a.id as aid
    from jsonb_to_recordset(batch) as i(key text, channel text, kind text, value text, consent text)
    join contact_addresses a on a.channel = i.channel and a.kind = i.kind and a.value = i.value
    where i.consent is not null and i.key = any (v_fresh)
  loop
    insert into consents (address_id, action, provider_key) values (v_item.aid, v_item.consent, v_item.key);
    if v_item.consent = 'stop' then
      update contact_addresses set opted_out_at = coalesce(opted_out_at, clock_timestamp()) where id = v_item.aid;
    elsif v_item.consent = 'start' then
      update contact_addresses set opted_out_at = null where id = v_item.aid;
    end if;
  end loop;

  insert into attachments (id, conversation_id, state, source, declared_mime, name)
    select x.id, k.conversation_id, 'pending', x.source, x.mime, x.name
    from jsonb_to_recordset(batch) as i(key text, media jsonb)
    join provider_keys k on k.key = i.key
    cross join lateral jsonb_to_recordset(i.media) as x(id uuid, source jsonb, mime text, name text)
    where i.media is not null and i.key = any (v_fresh);
end $$;

-- Takes due turns of these conversations for one worker. A lost lease costs a repeated look, never a second answer,
-- so this commit need not wait for the disk.
create function claim_turns(p_conversations uuid[], p_token uuid, p_lease_ms int)
returns table (turn_id uuid, conversation_id uuid, contact_id uuid, first_seq bigint, last_seq bigint, attempts int,
  fence int, locale text, flow jsonb, episode int, episode_from_seq bigint, channel text, account text, address_id uuid,
  address jsonb, messages jsonb)
language plpgsql as $$
#variable_conflict use_column
begin
  perform set_config('synchronous_commit', 'off', true);
  return query
  with due as (
    select t.id from turns t
    where t.conversation_id = any (p_conversations) and t.state = 'open' and t.due_at <= now()
      and (t.lease_until is null or t.lease_until < now())
    order by t.conversation_id for update skip locked),
  claimed as (
    update turns t set lease_token = p_token, lease_until = now() + make_interval(secs => p_lease_ms / 1000.0),
      attempts = t.attempts + 1
    from due where t.id = due.id
    returning t.id, t.conversation_id, t.first_seq, t.last_seq, t.attempts)
  select k.id, k.conversation_id, c.contact_id, k.first_seq, k.last_seq, k.attempts, c.fence, c.locale, c.flow, c.episode,
    c.episode_from_seq, c.channel, c.account, a.id,
    jsonb_build_object('channel', a.channel, 'kind', a.kind, 'value', a.value),
    (select jsonb_agg(jsonb_build_object('seq', m.seq, 'parts', m.parts, 'locale', m.locale) order by m.seq)
      from messages m where m.conversation_id = k.conversation_id and m.seq between k.first_seq and k.last_seq
      and m.author = 'contact')
  from claimed k
  join conversations c on c.id = k.conversation_id
  join contact_addresses a on a.id = c.address_id;
end $$;

-- Writes each reply with its event and deliveries and ends its turn, if the worker still holds it: same lease, same
-- fence, no newer message, the assistant still the owner (R2, R4). Otherwise nothing is written: 'newer' gives the turn
-- back for another answer, 'stale' means that somebody else has it or a person took over.
create function write_replies(batch jsonb)
returns table (ord int, outcome text, conversation_id uuid, seq bigint, sends boolean)
language plpgsql as $$
#variable_conflict use_column
declare
  v_ok int[];
begin
  perform 1 from conversations c
    where c.id in (select t.conversation_id from jsonb_to_recordset(batch) as i(turn_id uuid) join turns t on t.id = i.turn_id)
    order by c.id for update;

  select coalesce(array_agg(i.ord), '{}') into v_ok
    from jsonb_to_recordset(batch) as i(ord int, turn_id uuid, token uuid, fence int, last_seq bigint)
    join turns t on t.id = i.turn_id
    join conversations c on c.id = t.conversation_id
    where t.state = 'open' and t.lease_token = i.token and t.last_seq = i.last_seq
      and c.fence = i.fence and c.owner = 'assistant';

  return query
  with item as (
    select i.*, t.conversation_id as cid, c.next_seq as at_seq,
      -- After a STOP only a direct answer to a later message may go out.
      coalesce(a.opted_out_at >= c.last_inbound_at, false) as refused,
      -- Replies never overtake each other (R3): this one goes out now only if nothing before it is under way.
      not exists (select 1 from deliveries o where o.conversation_id = c.id and o.state in ('ready', 'sending', 'unknown')) as free
    from jsonb_to_recordset(batch) as i(ord int, turn_id uuid, token uuid, message_id uuid, parts jsonb, meta jsonb,
      locale text, flow jsonb, preview text, channel text, account text, address_id uuid, address jsonb, deliveries jsonb,
      send_token uuid, send_lease_ms int)
    join turns t on t.id = i.turn_id
    join conversations c on c.id = t.conversation_id
    left join contact_addresses a on a.id = i.address_id
    where i.ord = any (v_ok)),
  stored as (
    insert into messages (id, conversation_id, seq, author, channel, account, address_id, turn_id, parts, meta, locale)
      select i.message_id, i.cid, i.at_seq, 'assistant', i.channel, i.account, i.address_id, i.turn_id, i.parts, i.meta, i.locale
      from item i where i.parts is not null),
  logged as (
    insert into events (conversation_id, seq, type, actor)
      select i.cid, i.at_seq, 'message', 'assistant' from item i where i.parts is not null),
  queued as (
    insert into deliveries (message_id, piece, conversation_id, seq, channel, account, address, item, state, attempts,
        lease_token, lease_until, sending_since, error)
      select i.message_id, d.piece, i.cid, i.at_seq, i.channel, i.account, i.address, d.item,
        case when i.refused then 'failed' when starts.it then 'sending' else 'ready' end,
        case when starts.it then 1 else 0 end,
        case when starts.it then i.send_token end,
        case when starts.it then now() + make_interval(secs => i.send_lease_ms / 1000.0) end,
        case when starts.it then now() end,
        case when i.refused then '{"class":"optout","code":"opted-out","text":"The contact opted out on this channel."}'::jsonb end
      from item i
      cross join lateral jsonb_array_elements(i.deliveries) with ordinality as d(item, piece)
      cross join lateral (select i.free and not i.refused and d.piece = 1 as it) starts
      where i.parts is not null),
  moved as (
    update conversations c set
      next_seq = c.next_seq + (i.parts is not null)::int,
      flow = coalesce(i.flow, c.flow),
      locale = coalesce(i.locale, c.locale),
      preview = coalesce(i.preview, c.preview),
      last_activity_at = now()
    from item i where c.id = i.cid),
  answered as (
    update turns t set state = 'answered', ended_at = now(), lease_until = null from item i where t.id = i.turn_id),
  given_back as (
    update turns t set lease_token = null, lease_until = null, attempts = t.attempts - 1
    from jsonb_to_recordset(batch) as i(ord int, turn_id uuid, token uuid), conversations c
    where t.id = i.turn_id and t.lease_token = i.token and t.state = 'open' and not i.ord = any (v_ok)
      and c.id = t.conversation_id and c.owner = 'assistant'
    returning i.ord, t.conversation_id),
  dropped as (
    -- A person took over: this turn is theirs to answer now.
    update turns t set state = 'dropped', ended_at = now(), lease_until = null
    from jsonb_to_recordset(batch) as i(ord int, turn_id uuid, token uuid), conversations c
    where t.id = i.turn_id and t.lease_token = i.token and t.state = 'open' and not i.ord = any (v_ok)
      and c.id = t.conversation_id and c.owner <> 'assistant'
    returning i.ord)
  select i.ord, 'written', i.cid, case when i.parts is null then null else i.at_seq end,
    i.free and not i.refused and jsonb_array_length(i.deliveries) > 0
  from item i
  union all
  select g.ord, 'newer', g.conversation_id, null::bigint, false from given_back g
  union all
  select i.ord, 'stale', t.conversation_id, null::bigint, false
  from jsonb_to_recordset(batch) as i(ord int, turn_id uuid, token uuid)
  left join turns t on t.id = i.turn_id
  where not i.ord = any (v_ok) and not exists (select 1 from given_back g where g.ord = i.ord);
end $$;

-- Takes the first open delivery of each conversation for one worker, so that replies never overtake each other (R3):
-- a ready one to send, an expired or unknown one to look up.
create function claim_deliveries(p_conversations uuid[], p_token uuid, p_lease_ms int)
returns table (message_id uuid, piece int, conversation_id uuid, channel text, account text, address jsonb, item jsonb,
  act text, attempts int, lookups int, sending_since timestamptz, known text[])
language plpgsql as $$
#variable_conflict use_column
begin
  return query
  with head as (
    select distinct on (d.conversation_id) d.message_id, d.piece
    from deliveries d
    where d.conversation_id = any (p_conversations) and d.state in ('ready', 'sending', 'unknown')
    order by d.conversation_id, d.seq, d.piece),
  claimed as (
    update deliveries d set
      state = case when d.state = 'ready' then 'sending' else 'unknown' end,
      attempts = d.attempts + (d.state = 'ready')::int,
      lookups = case when d.state = 'ready' then 0 else d.lookups + 1 end,
      sending_since = case when d.state = 'ready' then now() else d.sending_since end,
      lease_token = p_token, lease_until = now() + make_interval(secs => p_lease_ms / 1000.0), updated_at = now()
    from head h
    where d.message_id = h.message_id and d.piece = h.piece and d.state in ('ready', 'sending', 'unknown')
      and d.due_at <= now() and (d.lease_until is null or d.lease_until < now())
    returning d.*)
  select k.message_id, k.piece::int, k.conversation_id, k.channel, k.account, k.address, k.item,
    case when k.state = 'sending' then 'send' else 'look-up' end, k.attempts, k.lookups, k.sending_since,
    case when k.state = 'sending' then '{}'::text[] else coalesce((
      select array_agg(o.external_id) from deliveries o
      join messages om on om.id = o.message_id
      where om.conversation_id = k.conversation_id and o.external_id is not null
        and o.created_at > k.sending_since - interval '1 day'), '{}') end
  from claimed k;
end $$;

-- Records what a provider call or a look-up came to; states only move forward. Says which conversations still have
-- open deliveries. A lost 'sent' is found again by look-up, so this commit need not wait for the disk.
create function settle_deliveries(batch jsonb)
returns table (message_id uuid, piece int, more boolean)
language plpgsql as $$
#variable_conflict use_column
begin
  perform set_config('synchronous_commit', 'off', true);
  return query
  with item as (
    select * from jsonb_to_recordset(batch) as i(message_id uuid, piece int, token uuid, state text, external_id text,
      error jsonb, delay_ms int)),
  settled as (
    update deliveries d set
      state = case when d.state in ('sending', 'unknown') then i.state else d.state end,
      external_id = coalesce(i.external_id, d.external_id),
      error = coalesce(i.error, d.error),
      due_at = now() + make_interval(secs => coalesce(i.delay_ms, 0) / 1000.0),
      lease_token = null, lease_until = null, updated_at = now()
    from item i
    where d.message_id = i.message_id and d.piece = i.piece and d.lease_token = i.token
    returning d.conversation_id, d.message_id, d.piece, d.state, d.seq)
  select s.message_id, s.piece,
    exists (select 1 from deliveries o where o.conversation_id = s.conversation_id and o.state in ('ready', 'sending', 'unknown')
      and (o.message_id, o.piece) <> (s.message_id, s.piece))
  from settled s;
end $$;

-- Applies the provider's word on deliveries, in any order and any number of times; a receipt event is written when the
-- customer-visible state moved.
create function apply_statuses(batch jsonb)
returns table (conversation_id uuid, seq bigint)
language plpgsql as $$
#variable_conflict use_column
begin
  perform 1 from conversations c
    where c.id in (
      select d.conversation_id from jsonb_to_recordset(batch) as i(message_id uuid, piece int)
      join deliveries d on d.message_id = i.message_id and d.piece = i.piece)
    order by c.id for update;
  return query
  with item as (
    select distinct on (i.message_id, i.piece) i.*
    from jsonb_to_recordset(batch) as i(message_id uuid, piece int, state text, rank int, external_id text, error jsonb)
    order by i.message_id, i.piece, i.rank desc),
  moved as (
    update deliveries d set
      state = i.state, external_id = coalesce(d.external_id, i.external_id),
      error = coalesce(i.error, d.error), updated_at = now()
    from item i
    where d.message_id = i.message_id and d.piece = i.piece and (
      case when i.state = 'failed' then d.state in ('ready', 'sending', 'unknown', 'sent')
      else i.rank > array_position(array['ready', 'sending', 'unknown', 'sent', 'delivered', 'read'], d.state) end)
    returning d.conversation_id, d.seq as message_seq, d.piece, d.state, d.error),
  placed as (
    select m.*, c.next_seq + row_number() over (partition by m.conversation_id order by m.message_seq, m.piece) - 1 as at_seq
    from moved m join conversations c on c.id = m.conversation_id),
  logged as (
    insert into events (conversation_id, seq, type, actor, data)
      select p.conversation_id, p.at_seq, case when p.state = 'failed' then 'delivery-failed' else 'receipt' end, 'system',
        jsonb_build_object('of', p.message_seq, 'piece', p.piece, 'state', p.state, 'error', p.error)
      from placed p),
  taken as (
    update conversations c set next_seq = c.next_seq + g.n
    from (select p.conversation_id, count(*) as n from placed p group by p.conversation_id) g
    where c.id = g.conversation_id)
  select p.conversation_id, p.at_seq from placed p;
end $$;
