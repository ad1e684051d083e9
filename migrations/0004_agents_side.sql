-- What the agents' side needs beyond the core: machines with tokens, what each agent has read, waking, callbacks' ends.

-- A machine is an agent without a password: what it writes carries its own name, and disabling it ends its token.
alter table agents add column kind text not null default 'person' check (kind in ('person', 'machine'));

create table api_tokens (
  id uuid primary key default uuidv7(),
  -- The machine that this token speaks for; it has no meaning without it.
  agent_id uuid not null references agents (id) on delete cascade,
  -- SHA-256: a copy of this table opens nothing (A6). Unique, because it is how a request finds its row.
  token_hash bytea not null unique,
  created_by uuid references agents (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz
);
-- The tokens of one machine, for ending them with it.
create index api_tokens_agent on api_tokens (agent_id);

create table conversation_reads (
  agent_id uuid not null references agents (id) on delete cascade,
  conversation_id uuid not null references conversations (id) on delete cascade,
  -- Everything up to here was on this agent's screen.
  seq bigint not null,
  -- The list looks up its own page's rows.
  primary key (agent_id, conversation_id)
);
-- Erasing a conversation.
create index conversation_reads_conversation on conversation_reads (conversation_id);

-- The people's queue in the order in which people wait, by keyset.
create index conversations_queue on conversations (coalesce(waiting_since, created_at), id)
  where status = 'open' and owner = 'queue';
-- What the sweeper has to wake.
create index conversations_snoozed on conversations (snoozed_until) where status = 'snoozed';

-- What came of the call, in the agent's words.
alter table callbacks add column outcome text;

-- A customer's message wakes a snoozed conversation (accept_inbound); the timeline says so under the next seq.
create function log_woken() returns trigger language plpgsql as $$
begin
  insert into events (conversation_id, seq, type, actor, data)
    values (new.id, new.next_seq, 'woken', 'system', '{"by":"message"}');
  new.next_seq := new.next_seq + 1;
  return new;
end $$;
create trigger conversations_woken before update on conversations for each row
  when (old.status = 'snoozed' and new.last_inbound_seq > old.last_inbound_seq)
  execute function log_woken();
