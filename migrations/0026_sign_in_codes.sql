-- One-time codes for signing in on a channel without pages (C5). The code itself is nowhere: only a keyed hash of it.
create table sign_in_codes (
  id uuid primary key default uuidv7(),
  -- A code is good in the conversation and from the address where it was asked for, and nowhere else.
  conversation_id uuid not null references conversations (id) on delete cascade,
  address_id uuid not null references contact_addresses (id) on delete cascade,
  -- The turn that asked: a worker that does it again sends no second code.
  turn_id uuid not null unique,
  destination text not null,
  prefix text not null,
  country text not null,
  -- Null: the number is nobody's. The row looks and behaves the same, but no code opens it (M5).
  customer text,
  code_hash bytea not null,
  tries integer not null default 0,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  entered_at timestamptz,
  -- The turn that entered it may be worked on again after a crash.
  entered_turn uuid
);
-- The open code of an address: asked before a message that may hold one is stored.
create index sign_in_codes_open on sign_in_codes (address_id, created_at desc) where entered_at is null;
-- Caps and the breaker (M2, M4).
create index sign_in_codes_destination on sign_in_codes (destination, created_at);
create index sign_in_codes_country on sign_in_codes (country, created_at);
-- Erasing a conversation.
create index sign_in_codes_conversation on sign_in_codes (conversation_id);
