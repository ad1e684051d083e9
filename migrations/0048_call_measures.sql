-- What the measures of calls to us are made of: when a caller first wanted a person, when one was there, and how it ended
-- for those who got none.
alter table calls
  add column person_wanted_at timestamptz,
  add column person_at timestamptz,
  add column came_to text check (came_to in ('abandoned', 'callback', 'message'));
create index calls_inbound on calls (started_at) where direction = 'inbound';
