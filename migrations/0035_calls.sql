-- Telephone calls as rows: each leg that we place is written down before the provider is asked (safety.md, "Callbacks").

create table calls (
  -- Carried to the provider in the status callback's address, so that a report finds its row.
  id uuid primary key default uuidv7(),
  -- Erasing a person erases the calls with them.
  conversation_id uuid not null references conversations (id) on delete cascade,
  -- Null: not part of a promised call. What was dialled stays on record without its promise.
  callback_id uuid references callbacks (id) on delete set null,
  direction text not null check (direction in ('inbound', 'outbound')),
  leg text not null check (leg in ('customer', 'agent', 'supervisor')),
  agent_id uuid references agents (id) on delete set null,
  -- Who is bridged with whom.
  conference text,
  -- The provider's id; null until the provider has said it.
  external_id text unique,
  -- `unknown`: the provider may or may not have taken it; it is looked up before anything is dialled again.
  state text not null check (state in
    ('dialling', 'unknown', 'queued', 'ringing', 'in-progress', 'completed', 'busy', 'no-answer', 'failed', 'canceled')),
  -- The highest number of a status report that was taken in; reports come late, twice and out of order.
  sequence integer not null default -1,
  -- Which dialling of the callback this leg belongs to.
  attempt integer,
  answered_by text,
  started_at timestamptz not null default now(),
  answered_at timestamptz,
  ended_at timestamptz,
  error jsonb
);
-- R5: a leg of an attempt is dialled once.
create unique index calls_once on calls (callback_id, attempt, leg) where callback_id is not null;
-- The calls of a conversation's panel.
create index calls_conversation on calls (conversation_id);
-- What still rings or talks: an agent's line, and what has to be looked up.
create index calls_open on calls (started_at) where ended_at is null;
create index calls_agent_open on calls (agent_id) where ended_at is null and agent_id is not null;

-- Whether an agent takes calls now, and on which telephone; null: in the browser.
alter table agents add column presence text not null default 'offline'
  check (presence in ('available', 'busy', 'away', 'offline'));
alter table agents add column phone text;
