-- What the language model cost, by conversation and day: the budgets of L5 hold for all workers together.
create table token_spending (
  day date not null,
  -- Erasing a person erases their conversation's share; the day's total then falls by it, which harms nobody.
  conversation_id uuid not null references conversations (id) on delete cascade,
  tokens bigint not null,
  -- A day's total is one range of this key.
  primary key (day, conversation_id)
);
-- A conversation's total, and its cascade.
create index token_spending_conversation on token_spending (conversation_id);
