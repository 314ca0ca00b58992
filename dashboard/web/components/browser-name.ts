/** What people call their browser; the rest of what it says of itself helps nobody. */
export function browserName(userAgent: string | null): string | null {
  const text = userAgent ?? "";
  return names.find(([mark]) => text.includes(mark))?.[1] ?? null;
}

/** Those that say they are another one as well come first. */
const names = [
  ["Edg/", "Edge"],
  ["OPR/", "Opera"],
  ["SamsungBrowser/", "Samsung Internet"],
  ["Firefox/", "Firefox"],
  ["Chrome/", "Chrome"],
  ["Safari/", "Safari"],
  ["curl/", "curl"],
] as const;
