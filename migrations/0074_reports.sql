-- Applies the provider's word on deliveries, in any order and any number of times, as before. New: a failure that comes
-- together with "sent" counts (it is the later news), what was delivered did not fail whatever was said before, and what we
-- had given up without knowing is taken back when the provider says that it has it.
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
    where d.message_id = i.message_id and d.piece = i.piece and (
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
