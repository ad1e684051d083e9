-- Whom a call is offered to first: those who speak the customer's language, of the team whose hours promised it.
alter table agents
  -- Language codes; empty: every language.
  add column languages text[] not null default '{}',
  -- A team's name in the setting `hours`; empty: the usual team.
  add column team text not null default '';
