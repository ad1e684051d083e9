-- A provider keeps what customers wrote to us also when its webhook found nobody, and is asked for it now and again.
create table inbound_looks (
  channel text not null,
  account text not null,
  -- What came before is stored here, or came before us.
  begins_at timestamptz not null,
  -- The next look, by whichever process comes first.
  due_at timestamptz not null,
  primary key (channel, account)
);

-- What a carrier lost and may deliver another time is sent again. The provider's id of each lost try is kept, because its
-- reports still come, and look-ups still find it.
create table lost_tries (
  external_id text primary key,
  conversation_id uuid not null references conversations (id) on delete cascade,
  message_id uuid not null,
  piece int not null,
  error jsonb not null,
  lost_at timestamptz not null default now()
);
create index lost_tries_of on lost_tries (message_id, piece);
create index lost_tries_conversation on lost_tries (conversation_id);
-- Waits for its next try: until it is due, or until something newer is to go out, which it must not hold up (R3).
alter table deliveries add column again boolean not null default false;

-- Whether something waits to go out that was written later and was not lost itself.
create function has_newer(p_conversation uuid, p_seq bigint) returns boolean language sql stable as $$
  select exists (select 1 from deliveries o where o.conversation_id = p_conversation and o.seq > p_seq
    and o.state in ('ready', 'sending', 'unknown') and not o.again)
$$;

-- As before. New: what waits for another try goes out before anything newer does.
create or replace function claim_deliveries(p_conversations uuid[], p_token uuid, p_lease_ms int)
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
      again = false,
      lookups = case when d.state = 'ready' then 0 else d.lookups + 1 end,
      sending_since = case when d.state = 'ready' then now() else d.sending_since end,
      lease_token = p_token, lease_until = now() + make_interval(secs => p_lease_ms / 1000.0), updated_at = now()
    from head h
    where d.message_id = h.message_id and d.piece = h.piece and d.state in ('ready', 'sending', 'unknown')
      and (d.due_at <= now() or d.again and has_newer(d.conversation_id, d.seq))
      and (d.lease_until is null or d.lease_until < now())
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
    -- A message from another telephone number is another telephone's; ids of other kinds are the same person's.
    (select m.at from messages m left join contact_addresses w on w.id = m.address_id
      where m.conversation_id = k.conversation_id and m.author = 'contact' and m.channel = k.channel
        and (w.value = k.address ->> 'value' or k.address ->> 'kind' <> 'e164' or w.kind is distinct from 'e164')
      order by m.seq desc limit 1)
  from claimed k;
end $$;
alter function claim_deliveries(uuid[], uuid, int) set plan_cache_mode = 'force_generic_plan';

-- As before. New: of a try that was lost only better news counts; the next try has reports of its own.
create or replace function apply_statuses(batch jsonb)
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
    order by i.message_id, i.piece, case when i.state = 'failed' then 4.5 else i.rank end desc),
  moved as (
    update deliveries d set
      state = i.state, external_id = coalesce(d.external_id, i.external_id),
      error = case when d.state = 'failed' then i.error else coalesce(i.error, d.error) end, updated_at = now()
    from item i
    where d.message_id = i.message_id and d.piece = i.piece
      and (i.rank >= 5 or not exists (select 1 from lost_tries t where t.external_id = i.external_id))
      and (
      case when i.state = 'failed' then d.state in ('ready', 'sending', 'unknown', 'sent')
      else i.rank > array_position(array['ready', 'sending', 'unknown', 'sent', 'delivered', 'read'], d.state)
        or d.state = 'failed' and (i.rank >= 5 or d.error->>'code' in ('unknown-outcome', 'recalled')) end)
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

-- When the provider's copy of a file that we keep ourselves is to be removed; null: there is none, or it stays.
alter table attachments add column remove_at timestamptz;
create index attachments_remove on attachments (remove_at) where remove_at is not null;
