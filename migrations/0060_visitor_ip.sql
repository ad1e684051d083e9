-- Where the visitor's session was opened from: how many calls are asked for from there is capped (M2). Gone with the session.
alter table visitor_sessions add column ip text;
