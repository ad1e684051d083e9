-- Where the visitor's clock is, as their browser says: "tomorrow at ten" means theirs.
alter table visitor_sessions add column time_zone text;
