-- Web chat: the ids that visitors give their messages, the sessions behind their tokens, proof of identity, files.

-- A visitor chooses their own client ids, so one of theirs must never stand in an agent's way. Theirs are unique by
-- provider_keys; this index is for agents' resends.
drop index messages_client;
create unique index messages_client on messages (conversation_id, client_id)
  where client_id is not null and author <> 'contact';

-- What a web chat token speaks for. A token is signed and short; the row lets it be ended before its time.
create table visitor_sessions (
  id uuid primary key default uuidv7(),
  -- Erasing the person ends their sessions.
  conversation_id uuid not null references conversations (id) on delete cascade,
  address_id uuid not null references contact_addresses (id) on delete cascade,
  created_at timestamptz not null default now(),
  -- When the latest token runs out; each refresh moves it.
  expires_at timestamptz not null,
  -- Until when the same browser may come back with its resume key; nobody resumes a signed-in session.
  resumable_until timestamptz not null,
  ended_at timestamptz
);
-- The cascades, and ending all sessions of one conversation.
create index visitor_sessions_conversation on visitor_sessions (conversation_id);
create index visitor_sessions_address on visitor_sessions (address_id);
-- Removing what nobody can use any more.
create index visitor_sessions_over on visitor_sessions (resumable_until);

-- Identity tokens that were used (C3); a row lives until its token has expired anyway.
create table used_identity_tokens (
  -- SHA-256 of the jti, which the host site chooses and may make long.
  jti_hash bytea primary key,
  expires_at timestamptz not null
);
-- Removing the expired.
create index used_identity_tokens_over on used_identity_tokens (expires_at);

-- When the person last proved that the address is theirs; C1 asks for 15 minutes.
alter table contact_addresses add column verified_at timestamptz;

-- Pictures and sound are compressed already; trying again costs time and saves nothing.
alter table attachment_contents alter column bytes set storage external;
-- Stored by an upload whose message never came: removed after an hour.
create index attachments_unplaced on attachments (created_at) where seq is null and state <> 'pending';
