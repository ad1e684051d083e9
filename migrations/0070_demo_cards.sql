-- The demo company's own books: cards that its customers had blocked. A real company keeps this on its own server.
create table demo_blocked_cards (
  request_id uuid primary key,
  customer text not null,
  at timestamptz not null default now()
);
