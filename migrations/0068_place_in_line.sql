-- "Keep your place": who waited on the line and asked to be called instead is before those who asked meanwhile. Until they
-- were rung; a time that was chosen has a place of its own.
alter table callbacks
  -- Since when they waited for a person; null: they did not before they asked.
  add column in_line_since timestamptz,
  add column place_at timestamptz not null generated always as
    (case when wanted_at is null and attempts = 0 then least(in_line_since, due_at) else due_at end) stored;
-- Who is called first.
create index callbacks_place on callbacks (place_at, created_at) where state in ('requested', 'scheduled', 'due');
