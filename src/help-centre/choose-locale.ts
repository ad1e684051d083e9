/** The first of the reader's languages that is offered, by `?lang=` and then Accept-Language; else the usual one. */
export function chooseLocale(
  offered: readonly string[],
  wish: { readonly lang?: string | undefined; readonly accepted?: string | undefined },
): string {
  const wishes = [wish.lang ?? "", ...acceptedLanguages(wish.accepted ?? "")];
  const found = wishes.map((one) => baseOf(one)).find((one) => offered.includes(one));
  return found ?? offered[0] ?? "en";
}

/** "sv-SE,sv;q=0.9,en;q=0.5" as languages, the dearest first. */
function acceptedLanguages(header: string): string[] {
  return header
    .split(",")
    .map((entry) => {
      const [language = "", ...parameters] = entry.trim().split(";");
      const quality = parameters.map((one) => /^\s*q=([\d.]+)$/.exec(one)?.[1]).find((one) => one !== undefined);
      return { language, quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ language, quality }) => language !== "" && quality > 0)
    .sort((a, b) => b.quality - a.quality)
    .map(({ language }) => language);
}

function baseOf(language: string): string {
  return language.split("-")[0]?.toLowerCase() ?? "";
}
