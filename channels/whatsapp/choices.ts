import type { ChoiceOption } from "../../src/lib/message.ts";

/** WhatsApp's limits on interactive messages (Cloud API reference, "Interactive messages"). */
const buttonsMax = 3;
const buttonTitleMaxChars = 20;
const rowsMax = 10;
const rowTitleMaxChars = 24;
const rowDescriptionMaxChars = 72;
const idMaxChars = 200;

export interface Button {
  readonly id: string;
  readonly title: string;
}

export interface Row extends Button {
  readonly description?: string;
}

/** How options can be shown: as buttons, as a list, or null: as numbered text, because they fit neither. Pure. */
export function shapeOf(
  options: readonly ChoiceOption[],
): { readonly buttons: readonly Button[] } | { readonly rows: readonly Row[] } | null {
  if (options.length === 0 || options.some((one) => one.url !== undefined || one.id.length > idMaxChars)) return null;
  if (new Set(options.map((one) => one.id)).size < options.length) return null;
  return asButtons(options) ?? asRows(options);
}

function asButtons(options: readonly ChoiceOption[]): { readonly buttons: readonly Button[] } | null {
  const fit = options.every((one) => one.description === undefined && one.title.length <= buttonTitleMaxChars);
  if (options.length > buttonsMax || !fit || !distinctTitles(options)) return null;
  return { buttons: options.map(({ id, title }) => ({ id, title })) };
}

/** A title that is too long for a row is cut there and stands whole in the description: nothing is lost. */
function asRows(options: readonly ChoiceOption[]): { readonly rows: readonly Row[] } | null {
  const rows = options.map((one): Row | null => {
    if (one.title.length <= rowTitleMaxChars) return describe(one, one.description);
    const whole = one.description === undefined ? one.title : `${one.title}: ${one.description}`;
    return describe({ id: one.id, title: cutTo(one.title, rowTitleMaxChars) }, whole);
  });
  const fit = rows.filter((row) => row !== null);
  return rows.length <= rowsMax && fit.length === rows.length && distinctTitles(fit) ? { rows: fit } : null;
}

function describe({ id, title }: Button, description: string | undefined): Row | null {
  if (description === undefined || description === "") return { id, title };
  return description.length <= rowDescriptionMaxChars ? { id, title, description } : null;
}

function distinctTitles(options: readonly Button[]): boolean {
  const titles = options.map((one) => one.title.trim());
  return titles.every((title) => title !== "") && new Set(titles).size === titles.length;
}

function cutTo(text: string, maxChars: number): string {
  let cut = "";
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (cut.length + segment.length > maxChars - 1) break;
    cut += segment;
  }
  return `${cut.trimEnd()}…`;
}

/** The label of the button that opens a list, at most 20 characters. */
const openList: Readonly<Record<string, string>> = {
  en: "Choose",
  sv: "Välj",
  de: "Auswählen",
  es: "Elegir",
  fr: "Choisir",
  pt: "Escolher",
  it: "Scegli",
  nl: "Kiezen",
  da: "Vælg",
  nb: "Velg",
  fi: "Valitse",
  pl: "Wybierz",
};

export function listLabel(locale: string | null): string {
  return openList[(locale ?? "en").slice(0, 2)] ?? "☰";
}
