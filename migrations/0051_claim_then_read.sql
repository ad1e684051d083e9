-- A message that was stored while its turn was being claimed could be left out of the answer: the claim locked the turn
-- as it was then, with the new last seq, but read the messages as they were when its statement began. Now the turns are
-- locked first; what is read after that is what they promise.
create or replace function claim_turns(p_conversations uuid[], p_token uuid, p_lease_ms int)
returns table (turn_id uuid, conversation_id uuid, contact_id uuid, first_seq bigint, last_seq bigint, attempts int,
  fence int, locale text, flow jsonb, episode int, episode_from_seq bigint, channel text, account text, address_id uuid,
  address jsonb, messages jsonb)
language plpgsql as $$
#variable_conflict use_column
declare
  v_due uuid[];
begin
  perform set_config('synchronous_commit', 'off', true);
  v_due := array(
    select t.conversation_id from turns t
    where t.conversation_id = any (p_conversations) and t.state = 'open' and t.due_at <= now()
      and (t.lease_until is null or t.lease_until < now())
    order by t.conversation_id for update skip locked);
  return query
  with claimed as (
    update turns t set lease_token = p_token, lease_until = now() + make_interval(secs => p_lease_ms / 1000.0),
      attempts = t.attempts + 1
    where t.conversation_id = any (v_due)
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

alter function claim_turns(uuid[], uuid, int) set plan_cache_mode = 'force_generic_plan';
