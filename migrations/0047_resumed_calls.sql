-- A call whose socket broke goes on over another one: how far its caller had heard us, by the session that is gone.
alter table call_tokens add column heard_seq bigint;
create index call_tokens_call on call_tokens (call_id);
