import { integer, jsonb, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core";

export const articles = pgTable("articles", {
  id: text().primaryKey(),
  topic: text().notNull(),
  position: integer().notNull(),
});

export const articleTranslations = pgTable(
  "article_translations",
  {
    articleId: text("article_id")
      .notNull()
      .references(() => articles.id, { onDelete: "cascade" }),
    locale: text().notNull(),
    question: text().notNull(),
    answer: text().notNull(),
    short: text().notNull(),
    samples: jsonb().$type<string[]>().notNull(),
    updatedAt: timestamp("updated_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.articleId, table.locale] })],
);
