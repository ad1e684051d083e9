-- What decides when a promised call is dialled (src/callbacks/machine.ts), who may be called, and how often.

alter table callbacks
  add column asked_at timestamptz not null default now(),
  -- The customer chose this time, whatever the hour.
  add column picked boolean not null default false,
  add column due_at timestamptz not null default now(),
  -- The promised window: nobody is dialled after it.
  add column until timestamptz not null default now() + interval '48 hours',
  add column not_before timestamptz not null default 'epoch',
  -- How often dialling was begun; it names the legs in `calls`.
  add column round integer not null default 0,
  -- How often the customer's telephone was dialled.
  add column attempts integer not null default 0,
  add column rung boolean not null default false,
  add column told_late boolean not null default false,
  -- They opted out meanwhile: what is under way ends, nothing follows.
  add column last boolean not null default false,
  -- The zones that the customer may be in: the one they named, or all that their number allows.
  add column zones text[] not null default '{}',
  -- They wrote or called from this number; other numbers may be anybody's (M3).
  add column proven boolean not null default false,
  -- Who takes it; null: whoever is free.
  add column agent_id uuid references agents (id) on delete set null,
  -- Whose hours and capacity it counts against; null: the default team.
  add column team text,
  -- The coded outcome chosen at wrap-up; `outcome` is the agent's words.
  add column disposition text,
  -- Why it is not dialled although it is due, as a fixed word.
  add column held text,
  add column reminded_at timestamptz,
  add column first_rung_at timestamptz,
  add column connected_at timestamptz,
  add column ended_at timestamptz;
update callbacks set due_at = coalesce(wanted_at, created_at),
  until = coalesce(wanted_at + interval '30 minutes', created_at + interval '48 hours'),
  ended_at = case when state in ('done', 'missed', 'cancelled', 'expired') then updated_at end;

-- What the clock has to look at, in the order in which people wait.
create index callbacks_due on callbacks (due_at, created_at) where state in ('requested', 'scheduled', 'due');
-- How many were promised for one slot.
create index callbacks_slot on callbacks (wanted_at) where state in ('requested', 'scheduled', 'due', 'dialling', 'connected');
-- Other promises to the same telephone.
create index callbacks_phone on callbacks (phone) where state in ('requested', 'scheduled', 'due', 'dialling', 'connected');

alter table calls
  -- The agent accepted, or their browser's telephone took it: they are in the conference.
  add column joined_at timestamptz,
  -- When the provider is asked about it; the database's clock, as of every lease.
  add column look_at timestamptz not null default now() + interval '15 seconds',
  add column lookups integer not null default 0;
-- What has to be looked up.
create index calls_look on calls (look_at) where ended_at is null and direction = 'outbound';

-- Numbers whose owner said "never again", on a call or by link; for ever, and whoever asks.
create table never_call (
  phone text primary key,
  at timestamptz not null default now(),
  source text not null
);

-- How much was used of each cap (M2): per number, prefix, address, account, country, and all money.
create table allowances (
  scope text not null,
  key text not null,
  -- The beginning of the hour or day that the cap is for.
  period timestamptz not null,
  used bigint not null,
  primary key (scope, key, period)
);
-- What is over is removed by its age.
create index allowances_period on allowances (period);

-- Takes a share of every cap at once, or of none: gives the first cap that has no room, null when all had. One statement
-- for its caller; rows are locked in one order, so callers side by side wait but never lock each other out.
create function take_allowances(p_items jsonb) returns text language plpgsql as $$
declare
  v_item record;
  v_full text;
begin
  for v_item in
    select i.scope, i.key, i.period, i.amount, i.cap
    from jsonb_to_recordset(p_items) as i(scope text, key text, period timestamptz, amount bigint, cap bigint)
    order by i.scope, i.key, i.period
  loop
    insert into allowances as a (scope, key, period, used)
      select v_item.scope, v_item.key, v_item.period, v_item.amount where v_item.amount <= v_item.cap
      on conflict (scope, key, period) do update set used = a.used + excluded.used
        where a.used + excluded.used <= v_item.cap;
    if not found then
      v_full := v_item.scope;
      raise exception using errcode = 'P2000';
    end if;
  end loop;
  return null;
exception when sqlstate 'P2000' then
  -- What was taken above is given back with the block.
  return v_full;
end $$;
