-- Reaching customers who left: browsers that take push messages, numbers that were left with consent, and nudges, one
-- for each burst of messages that nobody has seen yet.

create table push_subscriptions (
  id uuid primary key default uuidv7(),
  conversation_id uuid not null references conversations (id) on delete cascade,
  -- No foreign key: a session's row is cleared away when its token is long over, and its browser is still to be told.
  session_id uuid not null,
  endpoint text not null,
  -- SHA-256 of the endpoint: one browser belongs to whoever subscribed with it last (R8).
  endpoint_hash bytea not null unique,
  p256dh text not null,
  auth text not null,
  created_at timestamptz not null default now()
);
-- Whom to push to.
create index push_subscriptions_conversation on push_subscriptions (conversation_id);
-- Ending those of one session.
create index push_subscriptions_session on push_subscriptions (session_id);

-- Signing out ends the session's subscriptions, whichever way it is ended.
create function end_push_of_session() returns trigger language plpgsql as $$
begin
  delete from push_subscriptions where session_id = new.id;
  return null;
end $$;
create trigger visitor_sessions_end_push after update of ended_at on visitor_sessions for each row
  when (old.ended_at is null and new.ended_at is not null)
  execute function end_push_of_session();

create table reach_numbers (
  id uuid primary key default uuidv7(),
  conversation_id uuid not null references conversations (id) on delete cascade,
  -- Not a contact address: whoever types a number in a chat has not shown that it is theirs (C1, M5).
  channel text not null,
  number text not null,
  locale text,
  zone text not null,
  -- The exact words that the customer agreed to, and when.
  words text not null,
  agreed_at timestamptz not null default now(),
  session_id uuid not null,
  ended_at timestamptz
);
-- One number at a time; the older ones stay as a record of consent.
create unique index reach_numbers_open on reach_numbers (conversation_id) where ended_at is null;

create table nudges (
  id uuid primary key default uuidv7(),
  conversation_id uuid not null references conversations (id) on delete cascade,
  -- The burst that nobody has seen: its first event, and the latest while the nudge waits.
  from_seq bigint not null,
  to_seq bigint not null,
  -- waiting: not told yet; pushed: a push service took it, the browser has not shown it yet; told and unreachable stay
  -- until the customer is back, so that a burst is told once; seen is the end.
  state text not null default 'waiting' check (state in ('waiting', 'pushed', 'told', 'unreachable', 'seen')),
  due_at timestamptz not null,
  lease_token uuid,
  lease_until timestamptz,
  attempts integer not null default 0,
  push text not null default 'untried' check (push in ('untried', 'taken', 'failed')),
  -- When the browser said that it has shown the push.
  shown_at timestamptz,
  created_at timestamptz not null default now(),
  ended_at timestamptz
) with (fillfactor = 70);
-- One open nudge per conversation: a burst is told once, however often this is tried.
create unique index nudges_open on nudges (conversation_id) where state <> 'seen';
-- What is due.
create index nudges_due on nudges (due_at) where state in ('waiting', 'pushed');
-- Clearing old ones away.
create index nudges_over on nudges (ended_at) where state = 'seen';

-- Up to where the events of all conversations were looked through for what customers have not seen (src/live/feed.ts).
create table reach_feed (
  one boolean primary key default true check (one),
  position xid8 not null
);
insert into reach_feed (position) values (pg_snapshot_xmin(pg_current_snapshot()));

create table resume_links (
  id uuid primary key,
  conversation_id uuid not null references conversations (id) on delete cascade,
  -- SHA-256: a copy of this table opens nothing (A6). Unique, because it is how a request finds its row.
  token_hash bytea not null unique,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);
-- The cascade, and clearing away.
create index resume_links_conversation on resume_links (conversation_id);
create index resume_links_over on resume_links (expires_at);

-- How often something was done on one day (M2): counted by the database, so that parallel requests cannot pass a cap.
create table reach_counts (
  key text not null,
  day date not null,
  count integer not null,
  primary key (key, day)
);

-- Counts one more unless the cap is reached; says whether it was counted.
create function count_reach(p_key text, p_cap int) returns boolean language sql as $$
  with counted as (
    insert into reach_counts (key, day, count) select p_key, (now() at time zone 'UTC')::date, 1 where p_cap > 0
    on conflict (key, day) do update set count = reach_counts.count + 1 where reach_counts.count < p_cap
    returning 1)
  select exists (select 1 from counted)
$$;
