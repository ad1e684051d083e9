-- A customer of the web chat has a language from their first message on, also before it is answered, or when people answer.

-- Stores each message once, in order, with its event, its conversation's next seq and its open turn. A customer's
-- message wakes a snoozed conversation; the timeline says so under the next seq. A caller that can answer at once gives a
-- token: the turns that its messages open are then leased to it, and come back with all that an answer needs.
create or replace function accept_inbound(batch jsonb, p_token uuid default null, p_lease_ms int default 0)
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
      from jsonb_to_recordset(batch) as i(addresses jsonb, name text, locale text, kind text, value text, key text)
      where not exists (select 1 from provider_keys k where k.key = i.key) and exists (
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
    -- Of somebody who was erased: what they sent is known, and makes nobody anew.
    return query
      select i.ord, 'duplicate', k.conversation_id, 0::bigint, false, null::uuid, null::uuid, null::uuid, null::int,
        null::text, null::jsonb, null::bigint
      from jsonb_to_recordset(batch) as i(ord int, key text, channel text, kind text, value text)
      join provider_keys k on k.key = i.key
      where k.conversation_id is not null and not exists (select 1 from contact_addresses a
        where a.channel = i.channel and a.kind = i.kind and a.value = i.value);
    -- Addresses that are said to be one person's and are two people's: somebody reads of it, nothing is merged.
    perform note_identity_clash(c.contact_id, c.other_id)
      from (select distinct a.contact_id, o.contact_id as other_id
        from jsonb_to_recordset(batch) as i(channel text, kind text, value text, addresses jsonb)
        join contact_addresses a on a.channel = i.channel and a.kind = i.kind and a.value = i.value
        cross join lateral jsonb_to_recordset(i.addresses) as x(channel text, kind text, value text)
        join contact_addresses o on o.channel = x.channel and o.kind = x.kind and o.value = x.value
        where o.contact_id <> a.contact_id) c;
  end if;

  return query
  with input as materialized (
    select i.*, c.id as cid, a.id as aid, c.owner, c.status, c.next_seq,
      c.contact_id, c.fence, c.locale as spoken, c.flow, c.episode_from_seq
    from jsonb_to_recordset(batch) as i(
      ord int, key text, type text, channel text, account text, kind text, value text, external_id text, parts jsonb,
      locale text, provider_time timestamptz, raw jsonb, wants boolean, wait_ms int, preview text, change jsonb,
      client_id text, consent text, media jsonb, reply_to text)
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
    select p.cid, p.contact_id, p.owner, p.status, p.next_seq + count(*) as after_seq, count(*) filter (where p.wants) as wanting,
      p.status = 'snoozed' and bool_or(p.type = 'message') as woken,
      min(p.at_seq) filter (where p.type = 'message') as first_seq,
      max(p.at_seq) filter (where p.type = 'message') as last_seq,
      min(p.at_seq) filter (where p.wants) as first_wanting,
      max(p.at_seq) filter (where p.wants) as last_wanting,
      bool_or(p.type = 'message' and p.consent is null) as asks,
      max(p.wait_ms) as wait_ms,
      (array_agg(p.aid order by p.at_seq desc) filter (where p.type = 'message'))[1] as aid,
      (array_agg(p.channel order by p.at_seq desc) filter (where p.type = 'message'))[1] as channel,
      (array_agg(p.account order by p.at_seq desc) filter (where p.type = 'message'))[1] as account,
      (array_agg(p.preview order by p.at_seq desc) filter (where p.type = 'message'))[1] as preview,
      (array_agg(p.locale order by p.at_seq desc) filter (where p.type = 'message' and p.spoken is null))[1] as locale
    from placed p group by p.cid, p.contact_id, p.owner, p.status, p.next_seq),
  told as (
    -- Sessions of the web chat begin before anything is written in them.
    update contacts k set locale = g.locale
      from grouped g where k.id = g.contact_id and g.locale is not null and k.locale is null),
  stored as (
    insert into messages (conversation_id, seq, author, channel, account, address_id, provider_key, external_id,
        client_id, parts, locale, provider_time, raw, reply_to)
      select p.cid, p.at_seq, 'contact', p.channel, p.account, p.aid, p.key, p.external_id,
        p.client_id, p.parts, p.locale, p.provider_time, p.raw, p.reply_to
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
      -- A reaction, the end of a call or a STOP asks nobody for anything.
      listed_at = case when g.last_seq is null
          or g.owner = 'assistant' and c.status = 'open' and c.listed_at > now() - interval '1 minute'
        then c.listed_at else now() end,
      waiting_since = case when g.owner = 'assistant' then null
        when g.asks then coalesce(c.waiting_since, now()) else c.waiting_since end
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
alter function accept_inbound(jsonb, uuid, int) set plan_cache_mode = 'force_generic_plan';
