-- When an agent last had the inbox before them; customers who wait are told by it whether anybody is here. No index: a
-- company's agents are few and read as a whole.
alter table agents add column seen_at timestamptz;
