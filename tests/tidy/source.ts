/** The project as the rules see it: paths with `/` between, relative to the root. */
export interface Project {
  files: ReadonlyMap<string, string>;
}

export interface Finding {
  file: string;
  line: number;
  /** What is wrong and how to put it right. */
  message: string;
}

/** A rule is a pure function, so that each can be tried on a source made for the purpose. */
export interface Rule {
  name: string;
  check(project: Project): Finding[];
}

/** A text in its three layers; each has the other two blanked out, with its lines in place. */
export interface Layers {
  /** Without comments and without what strings say. */
  code: string;
  /** Without comments. */
  codeAndStrings: string;
  comments: string;
}

type Part = "code" | "string" | "comment";

const cache = new Map<string, Layers>();

export function splitLayers(text: string): Layers {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const parts = classify(text);
  const keep = (...wanted: Part[]) =>
    text
      .split("")
      .map((char, at) => (char === "\n" || wanted.includes(parts[at] ?? "code") ? char : " "));
  const layers = {
    code: keep("code").join(""),
    codeAndStrings: keep("code", "string").join(""),
    comments: keep("comment").join(""),
  };
  cache.set(text, layers);
  return layers;
}

/** Where a character stands; enough of the grammar for this project's formatted sources. */
function classify(text: string): Part[] {
  const chars = text.split("");
  const parts: Part[] = Array.from({ length: chars.length }, () => "code");
  /** Brace depth at which each open `${` of a template ends. */
  const templates: number[] = [];
  let depth = 0;
  let at = 0;
  const mark = (end: number, part: Part) => {
    for (; at < end && at < chars.length; at += 1) parts[at] = part;
  };
  while (at < chars.length) {
    const char = chars[at] ?? "";
    const next = chars[at + 1] ?? "";
    if (char === "/" && next === "/") mark(find(chars, at, "\n"), "comment");
    else if (char === "/" && next === "*") mark(findBlockEnd(chars, at), "comment");
    else if (char === '"' || char === "'") mark(findQuote(chars, at + 1, char), "string");
    else if (char === "/" && startsRegex(chars, at)) mark(findRegexEnd(chars, at + 1), "string");
    else if (char === "`" || (char === "}" && templates.at(-1) === depth)) {
      if (char === "}") templates.pop();
      const end = findTemplateEnd(chars, at + 1);
      if (chars[end - 1] === "{") templates.push(depth);
      mark(end, "string");
    } else {
      if (char === "{") depth += 1;
      if (char === "}") depth -= 1;
      at += 1;
    }
  }
  return parts;
}

function find(chars: readonly string[], from: number, wanted: string): number {
  const at = chars.indexOf(wanted, from);
  return at < 0 ? chars.length : at;
}

function findBlockEnd(chars: readonly string[], from: number): number {
  for (let at = from + 2; at < chars.length; at += 1) {
    if (chars[at] === "*" && chars[at + 1] === "/") return at + 2;
  }
  return chars.length;
}

function findQuote(chars: readonly string[], from: number, quote: string): number {
  for (let at = from; at < chars.length; at += 1) {
    if (chars[at] === "\\") at += 1;
    else if (chars[at] === quote || chars[at] === "\n") return at + 1;
  }
  return chars.length;
}

/** After the closing backtick, or after the `${` that interrupts the template. */
function findTemplateEnd(chars: readonly string[], from: number): number {
  for (let at = from; at < chars.length; at += 1) {
    if (chars[at] === "\\") at += 1;
    else if (chars[at] === "`") return at + 1;
    else if (chars[at] === "$" && chars[at + 1] === "{") return at + 2;
  }
  return chars.length;
}

function findRegexEnd(chars: readonly string[], from: number): number {
  let isInClass = false;
  for (let at = from; at < chars.length; at += 1) {
    const char = chars[at];
    if (char === "\\") at += 1;
    else if (char === "[") isInClass = true;
    else if (char === "]") isInClass = false;
    else if ((char === "/" && !isInClass) || char === "\n") return at + 1;
  }
  return chars.length;
}

/** A slash divides after a value, and opens a regular expression everywhere else. */
function startsRegex(chars: readonly string[], at: number): boolean {
  const before = chars
    .slice(Math.max(0, at - 20), at)
    .join("")
    .trimEnd();
  return before === "" || /[=([{,;:!&|?>+]$|\b(?:return|case|typeof)$/.test(before);
}

interface Match {
  line: number;
  index: number;
  match: string[];
}

/** Every match of a pattern with its line. */
export function findLines(text: string, pattern: RegExp): Match[] {
  return [...text.matchAll(pattern)].map((match) => ({
    line: text.slice(0, match.index).split("\n").length,
    index: match.index,
    match: [...match],
  }));
}

export function isSource(file: string): boolean {
  return /\.(?:ts|tsx|mjs)$/.test(file);
}
