/** The tables as drizzle sees them; migrations/ is the truth, this is its typed view for pages and lists. */
export { articles, articleTranslations } from "./articles.ts";
