-- "Did that help?", one answer for each reader and article; a second answer of the same reader replaces the first.
create table article_feedback (
  article_id text not null references articles (id) on delete cascade,
  locale text not null,
  -- A keyed hash of article and network address: it counts a reader once and follows nobody from article to article.
  reader bytea not null,
  helped boolean not null,
  at timestamptz not null default now(),
  primary key (article_id, locale, reader)
);
