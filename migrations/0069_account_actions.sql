-- What a customer has done in their account takes a further proof for that one action (C1, stepped-up), then their own
-- word on it, and is asked of the company under this row's id, so that it is done once however often it is asked.
create table account_actions (
  id uuid primary key,
  -- The proof and the word hold for the address where they were given.
  address_id uuid not null references contact_addresses (id) on delete cascade,
  action text not null,
  customer text not null,
  proved_at timestamptz not null,
  -- proved: waits for the customer's word; confirmed: on disk before the company is asked.
  state text not null default 'proved' check (state in ('proved', 'confirmed', 'done', 'kept')),
  -- When the customer was told that it is done: a reply that a newer message overtook is made up for.
  told_at timestamptz,
  created_at timestamptz not null default now()
);
-- The proof of an address for one action; erasing an address.
create index account_actions_address on account_actions (address_id, action);
