-- Calls are found by agent and by conference also when they are over and many.
create index calls_agent on calls (agent_id, ended_at) where agent_id is not null;
drop index calls_agent_open, calls_wrap_up, calls_conference;
create index calls_conference on calls (conference) where conference is not null;
create index offers_conference on offers (conference);
create index callbacks_contact on callbacks (contact_id);
