-- When an agent's inbox last said that it stands open, looked at or not: whose only telephone is the browser can be rung
-- there alone. No index, as for seen_at: a company's agents are few and read as a whole.
alter table agents add column open_at timestamptz;
