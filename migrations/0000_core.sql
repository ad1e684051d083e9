-- The core: who wrote, what was said, who owes an answer, what still has to be delivered.
-- Every index says why it is there; every foreign key says what happens on delete.

create table contacts (
  id uuid primary key default uuidv7(),
  name text,
  locale text,
  -- Set when this record was merged into another; merges are events and can be undone.
  merged_into uuid references contacts (id) on delete set null,
  created_at timestamptz not null default now()
);

create table contact_addresses (
  id uuid primary key default uuidv7(),
  -- An address has no meaning without its person.
  contact_id uuid not null references contacts (id) on delete cascade,
  channel text not null,
  kind text not null,
  value text not null,
  evidence text not null default 'claimed' check (evidence in ('claimed', 'verified')),
  -- Since when the contact refuses messages here (STOP); null: messages are allowed.
  opted_out_at timestamptz,
  created_at timestamptz not null default now(),
  -- Finds the person of an inbound message; makes two parallel first messages one contact.
  unique (channel, kind, value)
);
-- The person's other ways to be reached.
create index contact_addresses_contact on contact_addresses (contact_id);
-- The same telephone number on another channel is the same person (evidence "claimed").
create index contact_addresses_number on contact_addresses (value) where kind = 'e164';

create table agents (
  id uuid primary key default uuidv7(),
  email text not null,
  name text not null,
  role text not null check (role in ('agent', 'admin')),
  -- Null until the invitation was used.
  password_hash text,
  disabled_at timestamptz,
  created_at timestamptz not null default now()
);
-- Sign-in; one account per address whatever its capitals.
create unique index agents_email on agents (lower(email));

create table agent_sessions (
  -- SHA-256 of the cookie: a copy of this table signs nobody in (A6).
  token_hash bytea primary key,
  agent_id uuid not null references agents (id) on delete cascade,
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  expires_at timestamptz not null
);
-- Ending all sessions of one agent.
create index agent_sessions_agent on agent_sessions (agent_id);

create table agent_invitations (
  token_hash bytea primary key,
  -- Null for the link that makes the first administrator.
  agent_id uuid references agents (id) on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);

create table conversations (
  id uuid primary key default uuidv7(),
  -- Erasing a person erases the conversation.
  contact_id uuid not null references contacts (id) on delete cascade,
  status text not null default 'open' check (status in ('open', 'snoozed', 'resolved')),
  owner text not null default 'assistant' check (owner in ('assistant', 'queue', 'agent')),
  agent_id uuid references agents (id) on delete set null,
  -- Rises with each change of owner; a writer who states an older one is refused.
  fence integer not null default 1,
  next_seq bigint not null default 1,
  -- One issue, from its first message to its resolution.
  episode integer not null default 1,
  episode_from_seq bigint not null default 1,
  locale text,
  priority integer not null default 0,
  -- Where replies go: the address and channel account of the latest inbound message.
  address_id uuid references contact_addresses (id) on delete set null,
  channel text,
  account text,
  last_inbound_seq bigint not null default 0,
  last_inbound_at timestamptz,
  last_activity_at timestamptz not null default now(),
  -- Since when somebody waits for a person; null: nobody does.
  waiting_since timestamptz,
  snoozed_until timestamptz,
  -- What the assistant is in the middle of (a callback's missing number, numbered choices).
  flow jsonb not null default '{}',
  -- The latest words, cut short, for lists.
  preview text,
  -- The hand-off's summary for the agent.
  summary jsonb,
  created_at timestamptz not null default now(),
  check ((owner = 'agent') = (agent_id is not null)),
  -- One conversation per contact.
  unique (contact_id)
) with (fillfactor = 70);
-- The inbox's lists: newest first within a status, by keyset.
create index conversations_by_activity on conversations (status, last_activity_at desc, id desc);
-- The people's queue and each agent's own list.
create index conversations_owned on conversations (owner, agent_id, last_activity_at desc, id desc) where owner <> 'assistant';

create table provider_keys (
  -- What makes a repeated delivery the same message. Signatures can be replayed for ever, so this is a security
  -- control: it outlives the message, also its erasure (P3).
  key text primary key,
  conversation_id uuid,
  at timestamptz not null default now()
);

create table messages (
  id uuid primary key default uuidv7(),
  conversation_id uuid not null references conversations (id) on delete cascade,
  seq bigint not null,
  author text not null check (author in ('contact', 'assistant', 'agent', 'system')),
  agent_id uuid references agents (id) on delete set null,
  visibility text not null default 'public' check (visibility in ('public', 'internal')),
  channel text,
  account text,
  address_id uuid,
  provider_key text,
  external_id text,
  client_id text,
  -- The turn this message answers: at most one reply per turn.
  turn_id uuid,
  parts jsonb not null,
  meta jsonb,
  locale text,
  provider_time timestamptz,
  -- The provider's payload, kept only for what we do not understand.
  raw jsonb,
  at timestamptz not null default now(),
  -- The thread page and the turn's messages.
  unique (conversation_id, seq)
);
-- A browser's resend returns the first result.
create unique index messages_client on messages (conversation_id, client_id) where client_id is not null;
-- R2: a turn has one reply.
create unique index messages_turn on messages (turn_id) where turn_id is not null;

create table events (
  conversation_id uuid not null references conversations (id) on delete cascade,
  seq bigint not null,
  type text not null,
  at timestamptz not null default now(),
  actor text not null check (actor in ('contact', 'assistant', 'agent', 'system')),
  agent_id uuid,
  data jsonb not null default '{}',
  -- Which transaction wrote it. Below the snapshot horizon every transaction has ended, so a reader over all
  -- conversations that stops there can never skip an event that commits late (src/live/feed.ts).
  xid xid8 not null default pg_current_xact_id(),
  -- The timeline, gap-free.
  primary key (conversation_id, seq)
);
-- The feed over all conversations; grows at its right edge only.
create index events_feed on events (xid);

create table turns (
  id uuid primary key default uuidv7(),
  conversation_id uuid not null references conversations (id) on delete cascade,
  state text not null default 'open' check (state in ('open', 'answered', 'dropped', 'failed')),
  first_seq bigint not null,
  last_seq bigint not null,
  due_at timestamptz not null default now(),
  lease_token uuid,
  lease_until timestamptz,
  attempts integer not null default 0,
  last_error text,
  created_at timestamptz not null default now(),
  ended_at timestamptz
);
-- A burst joins the open turn; also the worker's and the sweeper's way to open turns.
create unique index turns_open on turns (conversation_id) where state = 'open';

create table deliveries (
  message_id uuid not null references messages (id) on delete cascade,
  piece int not null,
  conversation_id uuid not null,
  seq bigint not null,
  channel text not null,
  account text not null,
  address jsonb not null,
  item jsonb not null,
  state text not null check (state in ('ready', 'sending', 'unknown', 'sent', 'delivered', 'read', 'failed')),
  attempts integer not null default 0,
  lookups integer not null default 0,
  due_at timestamptz not null default now(),
  lease_token uuid,
  lease_until timestamptz,
  -- When the latest attempt began: a look-up asks the provider for what it took since then.
  sending_since timestamptz,
  external_id text,
  error jsonb,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- The delivery's id is "<message id>.<piece>".
  primary key (message_id, piece)
);
-- Open work of a conversation in its order; small, because finished rows leave it.
create index deliveries_open on deliveries (conversation_id, seq, piece) where state in ('ready', 'sending', 'unknown');
-- A status report that does not carry our delivery id.
create index deliveries_external on deliveries (external_id) where external_id is not null;

create table callbacks (
  id uuid primary key default uuidv7(),
  contact_id uuid not null references contacts (id) on delete cascade,
  conversation_id uuid not null references conversations (id) on delete cascade,
  state text not null default 'requested'
    check (state in ('requested', 'scheduled', 'due', 'dialling', 'connected', 'done', 'missed', 'cancelled', 'expired')),
  phone text,
  -- The customer's words for when ("tomorrow at 9"), and their reading as an instant with the promised local time.
  wish text,
  wanted_at timestamptz,
  zone text,
  local_time text,
  topic text,
  locale text,
  source text not null,
  requested_by uuid references agents (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
-- One open callback per customer: requests merge.
create unique index callbacks_open on callbacks (contact_id)
  where state in ('requested', 'scheduled', 'due', 'dialling', 'connected');
-- The agents' list.
create index callbacks_by_state on callbacks (state, wanted_at, created_at);
-- Callbacks of a conversation's panel.
create index callbacks_conversation on callbacks (conversation_id);

create table consents (
  id uuid primary key default uuidv7(),
  address_id uuid not null references contact_addresses (id) on delete cascade,
  action text not null check (action in ('stop', 'start', 'help')),
  -- The exact words are in this message.
  provider_key text not null,
  at timestamptz not null default now()
);
-- The history of one address.
create index consents_address on consents (address_id, at);

create table attachments (
  id uuid primary key default uuidv7(),
  conversation_id uuid not null references conversations (id) on delete cascade,
  seq bigint,
  state text not null check (state in ('pending', 'ready', 'failed', 'blocked')),
  -- Where the bytes are at the provider; null for uploads.
  source jsonb,
  declared_mime text,
  mime text,
  name text,
  size integer,
  sha256 bytea,
  reason text,
  attempts integer not null default 0,
  due_at timestamptz not null default now(),
  created_at timestamptz not null default now()
);
-- What the worker still has to fetch.
create index attachments_pending on attachments (due_at) where state = 'pending';
-- A conversation's files, for serving and erasing.
create index attachments_conversation on attachments (conversation_id);

-- Apart from its row, so that listing attachments never reads bytes. In PostgreSQL because it and Redis are the only
-- state that the roles share.
create table attachment_contents (
  attachment_id uuid primary key references attachments (id) on delete cascade,
  bytes bytea not null
);

create table articles (
  id text primary key,
  topic text not null,
  position integer not null,
  created_at timestamptz not null default now()
);

create table article_translations (
  article_id text not null references articles (id) on delete cascade,
  locale text not null,
  question text not null,
  answer text not null,
  short text not null,
  samples jsonb not null default '[]',
  updated_at timestamptz not null default now(),
  primary key (article_id, locale)
);

create table audit_log (
  id uuid primary key default uuidv7(),
  at timestamptz not null default now(),
  agent_id uuid references agents (id) on delete set null,
  action text not null,
  subject text,
  data jsonb not null default '{}'
);
