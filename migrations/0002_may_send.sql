-- Whether a reply may go out is judged by one rule in the service (src/outbox/may-send.ts). So the database says what the
-- rule needs, and holds a reply back from the direct way when the contact opted out or the reply window may be closed.
-- Before, one word after a STOP was enough to write to somebody who had opted out.

-- Also says the provider's id of each message: a channel that shows typing needs to know what it answers.
create or replace function claim_turns(p_conversations uuid[], p_token uuid, p_lease_ms int)
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
    (select jsonb_agg(jsonb_build_object('seq', m.seq, 'parts', m.parts, 'locale', m.locale, 'externalId', m.external_id) order by m.seq)
      from messages m where m.conversation_id = k.conversation_id and m.seq between k.first_seq and k.last_seq
      and m.author = 'contact')
  from claimed k
  join conversations c on c.id = k.conversation_id
  join contact_addresses a on a.id = c.address_id;
end $$;

drop function write_replies(jsonb);
-- Writes each reply with its event and deliveries and ends its turn, if the worker still holds it: same lease, same
-- fence, no newer message, the assistant still the owner (R2, R4). Otherwise nothing is written: 'newer' gives the turn
-- back for another answer, 'stale' means that somebody else has it or a person took over. A held reply is written with
-- its deliveries open; whoever claims them next judges whether they may go out.
create function write_replies(batch jsonb)
returns table (ord int, outcome text, conversation_id uuid, seq bigint, sends boolean, held boolean)
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
      -- Whether this may go out has to be judged first: the contact opted out, or the reply window may be closed.
      coalesce(a.opted_out_at is not null
        or c.last_inbound_at < now() - make_interval(secs => i.window_ms / 1000.0), false) as held,
      -- Replies never overtake each other (R3): this one goes out now only if nothing before it is under way.
      not exists (select 1 from deliveries o where o.conversation_id = c.id and o.state in ('ready', 'sending', 'unknown')) as free
    from jsonb_to_recordset(batch) as i(ord int, turn_id uuid, token uuid, message_id uuid, parts jsonb, meta jsonb,
      locale text, flow jsonb, preview text, channel text, account text, address_id uuid, address jsonb, deliveries jsonb,
      send_token uuid, send_lease_ms int, window_ms bigint)
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
        lease_token, lease_until, sending_since)
      select i.message_id, d.piece, i.cid, i.at_seq, i.channel, i.account, i.address, d.item,
        case when starts.it then 'sending' else 'ready' end,
        case when starts.it then 1 else 0 end,
        case when starts.it then i.send_token end,
        case when starts.it then now() + make_interval(secs => i.send_lease_ms / 1000.0) end,
        case when starts.it then now() end
      from item i
      cross join lateral jsonb_array_elements(i.deliveries) with ordinality as d(item, piece)
      cross join lateral (select i.free and not i.held and d.piece = 1 as it) starts
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
    i.free and not i.held and jsonb_array_length(i.deliveries) > 0, i.free and i.held
  from item i
  union all
  select g.ord, 'newer', g.conversation_id, null::bigint, false, false from given_back g
  union all
  select i.ord, 'stale', t.conversation_id, null::bigint, false, false
  from jsonb_to_recordset(batch) as i(ord int, turn_id uuid, token uuid)
  left join turns t on t.id = i.turn_id
  where not i.ord = any (v_ok) and not exists (select 1 from given_back g where g.ord = i.ord);
end $$;

drop function claim_deliveries(uuid[], uuid, int);
-- Takes the first open delivery of each conversation for one worker, so that replies never overtake each other (R3):
-- a ready one to send, an expired or unknown one to look up. With it comes what decides whether it may still be sent.
create function claim_deliveries(p_conversations uuid[], p_token uuid, p_lease_ms int)
returns table (message_id uuid, piece int, conversation_id uuid, channel text, account text, address jsonb, item jsonb,
  act text, attempts int, lookups int, sending_since timestamptz, known text[],
  opted_out_at timestamptz, last_inbound_at timestamptz)
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
        and o.created_at > k.sending_since - interval '1 day'), '{}') end,
    (select a.opted_out_at from contact_addresses a
      where a.channel = k.address ->> 'channel' and a.kind = k.address ->> 'kind' and a.value = k.address ->> 'value'),
    (select m.at from messages m where m.conversation_id = k.conversation_id and m.author = 'contact'
      and m.channel = k.channel order by m.seq desc limit 1)
  from claimed k;
end $$;
