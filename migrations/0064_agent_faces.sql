-- A picture of the agent, for the customers they talk with. Its id is new with every picture: nobody guesses it, and
-- browsers may keep what is behind it.
alter table agents add column face_id uuid, add column face_mime text, add column face bytea;
create unique index agents_face on agents (face_id) where face_id is not null;
