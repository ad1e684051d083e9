-- Articles are written here and published from here. article_translations stays what customers and the assistant read:
-- the published version of each translation, and nothing else.
alter table articles
  add column source_locale text not null default 'en',
  -- Set aside, not gone: an administrator can take it back.
  add column deleted_at timestamptz;
alter table article_translations
  add column version integer not null default 1,
  -- The source's published version this text was made from; behind the source's means "out of date". Null for the source.
  add column source_version integer;

-- Every text that was ever saved. The newest is the draft until it is published.
create table article_versions (
  article_id text not null references articles (id) on delete cascade,
  locale text not null,
  version integer not null,
  question text not null,
  answer text not null,
  short text not null,
  samples jsonb not null,
  source_version integer,
  saved_at timestamptz not null default now(),
  -- A text stays when its author leaves.
  saved_by uuid references agents (id) on delete set null,
  published_at timestamptz,
  primary key (article_id, locale, version)
);

update article_translations t set source_version = 1 from articles a where a.id = t.article_id and t.locale <> a.source_locale;
insert into article_versions
    (article_id, locale, version, question, answer, short, samples, source_version, saved_at, published_at)
  select article_id, locale, version, question, answer, short, samples, source_version, updated_at, updated_at
  from article_translations;

-- The company's picture on customers' pages: a few kilobytes, beside the settings that name it.
create table logos (
  id uuid primary key default uuidv7(),
  mime text not null,
  bytes bytea not null,
  uploaded_at timestamptz not null default now(),
  uploaded_by uuid references agents (id) on delete set null
);
