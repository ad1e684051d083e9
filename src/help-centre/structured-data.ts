/**
 * A block of JSON-LD for search engines. It is data, which no browser executes, so the content policy lets it stand;
 * "<" is written so that no text can end the block (X1).
 */
export function structuredData(data: object): string {
  const json = JSON.stringify({ "@context": "https://schema.org", ...data }).replaceAll("<", "\\u003c");
  return `<script type="application/ld+json">${json}</script>`;
}

export function breadcrumbList(steps: readonly { readonly name: string; readonly url: string }[]): string {
  return structuredData({
    "@type": "BreadcrumbList",
    itemListElement: steps.map(({ name, url }, index) => ({
      "@type": "ListItem",
      position: index + 1,
      name,
      item: url,
    })),
  });
}

export function questionAndAnswer(question: string, answer: string): string {
  return structuredData({
    "@type": "FAQPage",
    mainEntity: [{ "@type": "Question", name: question, acceptedAnswer: { "@type": "Answer", text: answer } }],
  });
}
