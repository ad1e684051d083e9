-- Live calls and the people who take them: a caller's own line is a row too, and whoever joins it comes by an offer.

create table offers (
  id uuid primary key default uuidv7(),
  -- The call that is offered, by the name of its conference.
  conference text not null,
  conversation_id uuid not null references conversations (id) on delete cascade,
  -- `caller`: the caller waits for somebody; `colleague`: the agent on the line asks another one to join;
  -- `supervisor`: an administrator listens to or coaches one agent.
  kind text not null check (kind in ('caller', 'colleague', 'supervisor')),
  -- Forward only: offered, taken by one, in the call; or not answered by the one who took it, or nobody's any more.
  state text not null default 'open' check (state in ('open', 'taken', 'joined', 'missed', 'withdrawn')),
  -- Who took it.
  agent_id uuid references agents (id) on delete set null,
  -- Made to this agent alone; null: to whoever is available.
  wanted_id uuid references agents (id) on delete cascade,
  -- Who asked for it; null: the caller.
  by_id uuid references agents (id) on delete set null,
  -- The agents who said no to it, or did not answer.
  declined uuid[] not null default '{}',
  -- The agent's line that a supervisor listens to, and whether the agent hears them.
  coached_id uuid references calls (id) on delete set null,
  heard boolean not null default true,
  made_at timestamptz not null default now(),
  taken_at timestamptz,
  ended_at timestamptz
);
-- A caller is offered once at a time, so that one agent takes the call.
create unique index offers_caller on offers (conference) where kind = 'caller' and state in ('open', 'taken');
create index offers_open on offers (made_at) where state in ('open', 'taken');
create index offers_conversation on offers (conversation_id);

alter table calls
  -- How this line came into its conference.
  add column offer_id uuid references offers (id) on delete set null,
  -- Who talks with the caller; null: not a caller's own line.
  add column stage text check (stage in ('assistant', 'waiting', 'choosing', 'message', 'talking', 'over')),
  add column locale text,
  add column waiting_since timestamptz,
  -- When the caller was last told how it stands.
  add column told_at timestamptz,
  -- The provider is being asked to let this line ask us at once; until it does, the line is not moved by other ways.
  add column moved_at timestamptz,
  -- They left a message after they were told that it is recorded (P4).
  add column recorded_at timestamptz,
  add column muted boolean not null default false,
  add column held boolean not null default false,
  -- The agent noted what came of it; until then no new call comes to them.
  add column wrapped_at timestamptz,
  add column disposition text;
-- R5: whoever takes an offer is dialled once for it.
create unique index calls_per_offer on calls (offer_id) where offer_id is not null;
-- Who waits for a person, in the order of the line.
create index calls_waiting on calls (waiting_since) where stage in ('waiting', 'choosing') and ended_at is null;
create index calls_conference on calls (conference) where ended_at is null;
-- What has to be looked up, callers whose end was never reported among it.
drop index calls_look;
create index calls_look on calls (look_at) where ended_at is null;
-- What the agents talked about is asked for by agent.
create index calls_wrap_up on calls (agent_id, ended_at) where joined_at is not null and wrapped_at is null;
