-- What operators change while the service runs: one row per key, its shape checked where it is written and read.
create table settings (
  key text primary key,
  value jsonb not null,
  updated_at timestamptz not null default now(),
  -- The setting stays when its author leaves.
  updated_by uuid references agents (id) on delete set null
);

-- Raised with every change that customers may see, so that each process notices by one cheap look.
create table content_version (
  id boolean primary key default true check (id),
  version bigint not null
);
insert into content_version (version) values (1);
