import { escapeHtml } from "../lib/escape-html.ts";

/** What we read of a JSON schema. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly default?: unknown;
}

/** Deeper than anything that we answer. */
const depthMax = 6;

/** The fields of a schema as a list in HTML, with those within them; of what has no fields, its type. Pure. */
export function fieldsOf(schema: Schema, depth = 0): string {
  const within = insideOf(schema);
  const fields = Object.entries(within?.properties ?? {});
  if (fields.length === 0 || depth > depthMax) return depth === 0 ? `<p>${escapeHtml(typeOf(schema))}</p>` : "";
  const lines = fields.map(([name, field]) => {
    const isOptional = within?.required?.includes(name) !== true || field.default !== undefined;
    const type = `${typeOf(field)}${isOptional ? ", may be left out" : ""}`;
    const words = field.description === undefined ? "" : `: ${escapeHtml(field.description)}`;
    return `<li><code>${escapeHtml(name)}</code> <span class="type">${escapeHtml(type)}</span>${words}${fieldsOf(field, depth + 1)}</li>`;
  });
  const lead = depth === 0 && schema.type === "array" ? "<p>A list of:</p>" : "";
  return `${lead}<ul>${lines.join("")}</ul>`;
}

/** The object that a schema is, holds or may be. */
function insideOf(schema: Schema): Schema | undefined {
  if (schema.properties !== undefined) return schema;
  if (schema.items !== undefined) return insideOf(schema.items);
  const values = schema.additionalProperties;
  if (typeof values === "object") return insideOf(values);
  const choices = schema.anyOf ?? schema.oneOf ?? [];
  return choices.map(insideOf).find((one) => one !== undefined);
}

/** What a value may be, in a word or some. Pure. */
export function typeOf(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return [...new Set(choices.map(typeOf))].join(" | ");
  if (schema.type === "array") return `list of ${schema.items === undefined ? "anything" : typeOf(schema.items)}`;
  if (typeof schema.additionalProperties === "object") return `${typeOf(schema.additionalProperties)} by name`;
  const type = typeof schema.type === "string" ? schema.type : (schema.type?.join(" | ") ?? "anything");
  return schema.format === undefined ? type : `${type} (${schema.format})`;
}
