-- One-time tokens that bind a live call's socket to the call it was announced for. The token itself is nowhere: only its
-- hash. A used one stays until it is old, so that a replay is told from a token that never was.
create table call_tokens (
  token_hash bytea primary key,
  conversation_id uuid not null references conversations (id) on delete cascade,
  -- The provider's id of the call.
  call_id text not null,
  kind text not null,
  value text not null,
  locale text not null,
  -- What came before is not said on this call.
  last_seq bigint not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  session_id text
);
-- Removing old ones.
create index call_tokens_expires on call_tokens (expires_at);
-- Erasing a conversation.
create index call_tokens_conversation on call_tokens (conversation_id);
