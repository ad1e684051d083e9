-- Earlier, anonymous history that a customer added to their account (C6).

-- A person has one account: two accounts are never joined, whatever a program asks for (R8).
create unique index contact_addresses_account on contact_addresses (contact_id) where kind = 'account';

-- Each join says where its copies stand, so that it can be taken back.
create table history_joins (
  id uuid primary key default uuidv7(),
  -- Erasing either side erases the join; the copies go with the conversation that holds them.
  from_conversation_id uuid not null references conversations (id) on delete cascade,
  into_conversation_id uuid not null references conversations (id) on delete cascade,
  -- How the customer confirmed it.
  confirmed_by text not null check (confirmed_by in ('chat', 'code', 'link')),
  -- Between these two the target's timeline holds the copies; empty history has last_seq = first_seq - 1.
  first_seq bigint not null,
  last_seq bigint not null,
  -- Messages that the customer sees among them.
  shown integer not null,
  joined_at timestamptz not null default now(),
  undone_at timestamptz
);
-- A history joins one account; asked again, it is the same join.
create unique index history_joins_from on history_joins (from_conversation_id) where undone_at is null;
-- The joins of a conversation, for its panel and its erasure.
create index history_joins_into on history_joins (into_conversation_id);
