-- A provider keeps what customers wrote to us also when its webhook found nobody, and is asked for it now and again.
create table inbound_looks (
  channel text not null,
  account text not null,
  -- What came before is stored here, or came before us.
  begins_at timestamptz not null,
  -- The next look, by whichever process comes first.
  due_at timestamptz not null,
  primary key (channel, account)
);
