-- Takes the first open delivery of each conversation for one worker, as before. New: what somebody wrote from one number
-- neither lifts the STOP of another nor opens its reply window.
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
    -- A message from another telephone number is another telephone's; ids of other kinds are the same person's.
    (select m.at from messages m left join contact_addresses w on w.id = m.address_id
      where m.conversation_id = k.conversation_id and m.author = 'contact' and m.channel = k.channel
        and (w.value = k.address ->> 'value' or k.address ->> 'kind' <> 'e164' or w.kind is distinct from 'e164')
      order by m.seq desc limit 1)
  from claimed k;
end $$;
alter function claim_deliveries(uuid[], uuid, int) set plan_cache_mode = 'force_generic_plan';
