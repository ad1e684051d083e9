-- The same with fewer steps, and with a plan that does not depend on when it was made: on a young database a reply cost
-- three times as much, because every batch read all conversations and all of turns, the answered ones included.

-- Writes each reply with its event and deliveries and ends its turn, if the worker still holds it: same lease, same
-- fence, no newer message, the assistant still the owner (R2, R4). Otherwise nothing is written: 'newer' gives the turn
-- back for another answer; no row for it means that somebody else has it or a person took over. A held reply is written with
-- its deliveries open; whoever claims them next judges whether they may go out.
create or replace function write_replies(batch jsonb)
returns table (ord int, outcome text, conversation_id uuid, seq bigint, sends boolean, held boolean)
language plpgsql as $$
#variable_conflict use_column
declare
  v_written int;
begin
  perform 1 from conversations c
    where c.id = any (array(select i.conversation_id from jsonb_to_recordset(batch) as i(conversation_id uuid)))
    order by c.id for update;

  return query
  with input as materialized (
    select * from jsonb_to_recordset(batch) as i(ord int, conversation_id uuid, turn_id uuid, token uuid, fence int,
      last_seq bigint,
      message_id uuid, parts jsonb, meta jsonb, locale text, flow jsonb, preview text, channel text, account text,
      address_id uuid, address jsonb, deliveries jsonb, send_token uuid, send_lease_ms int, window_ms bigint)),
  item as materialized (
    select i.*, c.id as cid, c.next_seq as at_seq,
      -- Whether this may go out has to be judged first: the contact opted out, or the reply window may be closed.
      coalesce(a.opted_out_at is not null
        or c.last_inbound_at < now() - make_interval(secs => i.window_ms / 1000.0), false) as held,
      -- Replies never overtake each other (R3): this one goes out now only if nothing before it is under way.
      not exists (select 1 from deliveries o where o.conversation_id = c.id and o.state in ('ready', 'sending', 'unknown')) as free
    from input i
    -- By its key for each: the limit keeps the planner from beginning with all of a table that it takes for small.
    join lateral (
      select c.id, c.next_seq, c.last_inbound_at
      from conversations c join turns t on t.conversation_id = c.id
      where c.id = i.conversation_id and c.fence = i.fence and c.owner = 'assistant'
        and t.id = i.turn_id and t.lease_token = i.token and t.last_seq = i.last_seq
      limit 1) c on true
    left join contact_addresses a on a.id = i.address_id),
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
    delete from turns t where t.conversation_id = any (array(select i.cid from item i)))
  select i.ord, 'written', i.cid, case when i.parts is null then null else i.at_seq end,
    i.free and not i.held and jsonb_array_length(i.deliveries) > 0, i.free and i.held
  from item i;
  get diagnostics v_written = row_count;
  if v_written = jsonb_array_length(batch) then return; end if;

  -- What is left under these leases was not written.
  return query
  with lost as materialized (
    select i.ord, i.conversation_id, i.turn_id, i.token, c.owner
    from jsonb_to_recordset(batch) as i(ord int, conversation_id uuid, turn_id uuid, token uuid)
    join conversations c on c.id = i.conversation_id),
  given_back as (
    update turns t set lease_token = null, lease_until = null, attempts = t.attempts - 1
    from lost i
    where t.conversation_id = i.conversation_id and t.id = i.turn_id and t.lease_token = i.token and i.owner = 'assistant'
    returning i.ord, t.conversation_id),
  dropped as (
    -- A person took over: this turn is theirs to answer now.
    delete from turns t using lost i
    where t.conversation_id = i.conversation_id and t.id = i.turn_id and t.lease_token = i.token and i.owner <> 'assistant')
  select g.ord, 'newer', g.conversation_id, null::bigint, false, false from given_back g;
end $$;

alter function write_replies(jsonb) set plan_cache_mode = 'force_generic_plan';
