-- Fewer rows, index entries and look-ups for each message on the hot path.

-- A turn is a row for as long as it is open; what it came to stands in the reply. A conversation has one, so that is
-- its key: one index instead of two, and an answered turn leaves without writing a new version of its row.
delete from turns where state <> 'open';
drop index turns_open;
alter table turns drop constraint turns_pkey;
alter table turns drop column ended_at;
alter table turns drop constraint turns_state_check;
alter table turns add constraint turns_state_check check (state = 'open');
-- A burst joins the open turn; also the worker's and the sweeper's way to open turns.
alter table turns add primary key (conversation_id);

-- These rows are written only by whoever holds their conversation's or message's row, so looking it up again for every
-- row proves nothing, and was an eighth of the database's work for a message. What a foreign key would do on delete is
-- done by triggers: erasing the conversation erases all of it.
alter table messages drop constraint messages_conversation_id_fkey;
alter table events drop constraint events_conversation_id_fkey;
alter table turns drop constraint turns_conversation_id_fkey;
alter table deliveries drop constraint deliveries_message_id_fkey;
create function erase_with_conversation() returns trigger language plpgsql as $$
begin
  delete from turns where conversation_id = old.id;
  delete from events where conversation_id = old.id;
  delete from messages where conversation_id = old.id;
  return null;
end $$;
create trigger conversations_erased after delete on conversations
  for each row execute function erase_with_conversation();
create function erase_with_message() returns trigger language plpgsql as $$
begin
  delete from deliveries where message_id = old.id;
  return null;
end $$;
create trigger messages_erased after delete on messages for each row execute function erase_with_message();

drop function accept_inbound(jsonb);
-- Stores each message once, in order, with its event, its conversation's next seq and its open turn. A customer's
-- message wakes a snoozed conversation; the timeline says so under the next seq. A caller that can answer at once gives a
-- token: the turns that its messages open are then leased to it, and come back with all that an answer needs.
create function accept_inbound(batch jsonb, p_token uuid default null, p_lease_ms int default 0)
returns table (ord int, outcome text, conversation_id uuid, seq bigint, rings boolean, turn_id uuid, contact_id uuid,
  address_id uuid, fence int, locale text, flow jsonb, episode_from_seq bigint)
language plpgsql as $$
#variable_conflict use_column
declare
  v_item record;
  v_known int;
begin
  -- Locks the conversations; in the usual case every address is known and this is all there is to do before storing.
  perform 1
    from jsonb_to_recordset(batch) as i(channel text, kind text, value text)
    join contact_addresses a on a.channel = i.channel and a.kind = i.kind and a.value = i.value
    join conversations c on c.contact_id = a.contact_id
    order by c.id for update of c;
  get diagnostics v_known = row_count;
  if v_known < jsonb_array_length(batch) or jsonb_path_exists(batch, '$[*].addresses[1]') then
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
    perform 1
      from jsonb_to_recordset(batch) as i(channel text, kind text, value text)
      join contact_addresses a on a.channel = i.channel and a.kind = i.kind and a.value = i.value
      join conversations c on c.contact_id = a.contact_id
      order by c.id for update of c;
  end if;

  return query
  with input as materialized (
    select i.*, c.id as cid, a.id as aid, c.owner, c.status, c.next_seq,
      c.contact_id, c.fence, c.locale as spoken, c.flow, c.episode_from_seq
    from jsonb_to_recordset(batch) as i(
      ord int, key text, type text, channel text, account text, kind text, value text, external_id text, parts jsonb,
      locale text, provider_time timestamptz, raw jsonb, wants boolean, wait_ms int, preview text, change jsonb,
      client_id text, consent text, media jsonb)
    join contact_addresses a on a.channel = i.channel and a.kind = i.kind and a.value = i.value
    join conversations c on c.contact_id = a.contact_id),
  fresh as (
    insert into provider_keys (key, conversation_id)
      select distinct on (i.key) i.key, i.cid from input i order by i.key, i.ord
    on conflict do nothing returning key),
  placed as materialized (
    select i.*, i.next_seq + row_number() over (partition by i.cid order by i.ord) - 1 as at_seq
    from (select distinct on (i.key) i.* from input i join fresh f on f.key = i.key order by i.key, i.ord) i),
  grouped as materialized (
    select p.cid, p.owner, p.status, p.next_seq + count(*) as after_seq, count(*) filter (where p.wants) as wanting,
      p.status = 'snoozed' and bool_or(p.type = 'message') as woken,
      min(p.at_seq) filter (where p.type = 'message') as first_seq,
      max(p.at_seq) filter (where p.type = 'message') as last_seq,
      min(p.at_seq) filter (where p.wants) as first_wanting,
      max(p.at_seq) filter (where p.wants) as last_wanting,
      max(p.wait_ms) as wait_ms,
      (array_agg(p.aid order by p.at_seq desc) filter (where p.type = 'message'))[1] as aid,
      (array_agg(p.channel order by p.at_seq desc) filter (where p.type = 'message'))[1] as channel,
      (array_agg(p.account order by p.at_seq desc) filter (where p.type = 'message'))[1] as account,
      (array_agg(p.preview order by p.at_seq desc) filter (where p.type = 'message'))[1] as preview
    from placed p group by p.cid, p.owner, p.status, p.next_seq),
  stored as (
    insert into messages (conversation_id, seq, author, channel, account, address_id, provider_key, external_id,
        client_id, parts, locale, provider_time, raw)
      select p.cid, p.at_seq, 'contact', p.channel, p.account, p.aid, p.key, p.external_id,
        p.client_id, p.parts, p.locale, p.provider_time, p.raw
      from placed p where p.type = 'message'),
  logged as (
    insert into events (conversation_id, seq, type, actor, data)
      select p.cid, p.at_seq, p.type, 'contact', coalesce(p.change, '{}') from placed p
      union all
      select g.cid, g.after_seq, 'woken', 'system', '{"by":"message"}' from grouped g where g.woken),
  moved as (
    update conversations c set
      next_seq = g.after_seq + g.woken::int,
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
      listed_at = case when g.owner = 'assistant' and c.status = 'open' and c.listed_at > now() - interval '1 minute'
        then c.listed_at else now() end,
      waiting_since = case when g.owner = 'assistant' then null else coalesce(c.waiting_since, now()) end
    from grouped g where c.id = g.cid),
  opened as (
    -- The caller's at once, if it asked for that and there is nothing to wait for. A turn that is open already stays with
    -- whoever holds it.
    insert into turns (conversation_id, first_seq, last_seq, due_at, lease_token, lease_until, attempts)
      select g.cid, g.first_wanting, g.last_wanting, now() + make_interval(secs => g.wait_ms / 1000.0),
        case when takes.it then p_token end,
        case when takes.it then now() + make_interval(secs => p_lease_ms / 1000.0) end,
        takes.it::int
      from grouped g
      cross join lateral (select p_token is not null and g.wait_ms = 0 and g.wanting = 1 as it) takes
      where g.owner = 'assistant' and g.last_wanting is not null
    on conflict (conversation_id) do update set last_seq = excluded.last_seq
    returning id, turns.conversation_id as cid, lease_token),
  -- Rare beside the messages themselves: what a STOP said, and media still at the provider.
  consented as (
    insert into consents (address_id, action, provider_key)
      select p.aid, p.consent, p.key from placed p where p.consent is not null),
  refused as (
    update contact_addresses a set opted_out_at = case when w.consent = 'stop' then coalesce(a.opted_out_at, clock_timestamp()) end
      from (select distinct on (p.aid) p.aid, p.consent from placed p where p.consent in ('stop', 'start')
        order by p.aid, p.at_seq desc) w
      where a.id = w.aid),
  promised as (
    insert into attachments (id, conversation_id, state, source, declared_mime, name)
      select x.id, p.cid, 'pending', x.source, x.mime, x.name
      from placed p
      cross join lateral jsonb_to_recordset(p.media) as x(id uuid, source jsonb, mime text, name text)
      where p.media is not null)
  select p.ord, 'stored', p.cid, p.at_seq, p.wants and p.owner = 'assistant' and o.id is null,
    o.id, p.contact_id, p.aid, p.fence, p.spoken,
    case when p.status = 'resolved' then '{}' else p.flow end,
    case when p.status = 'resolved' then p.at_seq else p.episode_from_seq end
  from placed p left join opened o on o.cid = p.cid and o.lease_token = p_token and p.wants
  union all
  -- Known from before, or twice in this batch.
  select i.ord, 'duplicate', coalesce(p.cid, k.conversation_id), coalesce(p.at_seq,
    (select m.seq from messages m where m.conversation_id = k.conversation_id and m.provider_key = i.key), 0), false,
    null, null, null, null, null, null, null
  from (select d.ord, d.key from input d where not exists (select 1 from placed p where p.ord = d.ord)) i
  left join placed p on p.key = i.key
  left join provider_keys k on k.key = i.key
  where coalesce(p.cid, k.conversation_id) is not null;
end $$;

-- Takes due turns of these conversations for one worker. A lost lease costs a repeated look, never a second answer,
-- so this commit need not wait for the disk.
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
    select t.conversation_id from turns t
    where t.conversation_id = any (p_conversations) and t.state = 'open' and t.due_at <= now()
      and (t.lease_until is null or t.lease_until < now())
    order by t.conversation_id for update skip locked),
  claimed as (
    update turns t set lease_token = p_token, lease_until = now() + make_interval(secs => p_lease_ms / 1000.0),
      attempts = t.attempts + 1
    from due where t.conversation_id = due.conversation_id
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

-- Writes each reply with its event and deliveries and ends its turn, if the worker still holds it: same lease, same
-- fence, no newer message, the assistant still the owner (R2, R4). Otherwise nothing is written: 'newer' gives the turn
-- back for another answer, 'stale' means that somebody else has it or a person took over. A held reply is written with
-- its deliveries open; whoever claims them next judges whether they may go out.
create or replace function write_replies(batch jsonb)
returns table (ord int, outcome text, conversation_id uuid, seq bigint, sends boolean, held boolean)
language plpgsql as $$
#variable_conflict use_column
begin
  perform 1
    from jsonb_to_recordset(batch) as i(conversation_id uuid)
    join conversations c on c.id = i.conversation_id
    order by c.id for update of c;

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
    join turns t on t.conversation_id = i.conversation_id and t.id = i.turn_id
    join conversations c on c.id = i.conversation_id
    left join contact_addresses a on a.id = i.address_id
    where t.state = 'open' and t.lease_token = i.token and t.last_seq = i.last_seq
      and c.fence = i.fence and c.owner = 'assistant'),
  lost as materialized (
    select i.ord, i.conversation_id, i.turn_id, i.token from input i where not exists (select 1 from item o where o.ord = i.ord)),
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
    delete from turns t using item i where t.conversation_id = i.cid),
  given_back as (
    update turns t set lease_token = null, lease_until = null, attempts = t.attempts - 1
    from lost i, conversations c
    where t.conversation_id = i.conversation_id and t.id = i.turn_id and t.lease_token = i.token
      and c.id = t.conversation_id and c.owner = 'assistant'
    returning i.ord, t.conversation_id),
  dropped as (
    -- A person took over: this turn is theirs to answer now.
    delete from turns t using lost i, conversations c
    where t.conversation_id = i.conversation_id and t.id = i.turn_id and t.lease_token = i.token
      and c.id = t.conversation_id and c.owner <> 'assistant')
  select i.ord, 'written', i.cid, case when i.parts is null then null else i.at_seq end,
    i.free and not i.held and jsonb_array_length(i.deliveries) > 0, i.free and i.held
  from item i
  union all
  select g.ord, 'newer', g.conversation_id, null::bigint, false, false from given_back g
  union all
  select i.ord, 'stale', i.conversation_id, null::bigint, false, false
  from lost i
  where not exists (select 1 from given_back g where g.ord = i.ord);
end $$;

-- Their plans do not depend on what is in a batch; left to itself the planner sometimes makes one anew for each call,
-- which was a fourteenth of the database's work.
alter function accept_inbound(jsonb, uuid, int) set plan_cache_mode = 'force_generic_plan';
alter function claim_turns(uuid[], uuid, int) set plan_cache_mode = 'force_generic_plan';
alter function write_replies(jsonb) set plan_cache_mode = 'force_generic_plan';
alter function claim_deliveries(uuid[], uuid, int) set plan_cache_mode = 'force_generic_plan';
alter function settle_deliveries(jsonb) set plan_cache_mode = 'force_generic_plan';
