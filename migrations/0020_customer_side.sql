-- What customers on the web tell us beside their messages: how far they have read, and how it was.

create table contact_reads (
  -- Erasing a conversation.
  conversation_id uuid primary key references conversations (id) on delete cascade,
  -- Everything up to here was on the customer's screen.
  seq bigint not null,
  at timestamptz not null default now()
);

create table ratings (
  conversation_id uuid not null references conversations (id) on delete cascade,
  episode integer not null,
  score smallint not null check (score between 1 and 5),
  comment text,
  at timestamptz not null default now(),
  -- One rating for each issue; the last word stands.
  primary key (conversation_id, episode)
);
-- Measures over a time.
create index ratings_by_time on ratings (at);
