import { createHash } from "node:crypto";
import type { OpenApiDocument } from "./openapi.ts";

const style =
  "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}" +
  "code{font-size:.95em}dt{margin-top:1rem}table{border-collapse:collapse}" +
  "td,th{text-align:left;vertical-align:top;padding:.2rem 1rem .2rem 0}";

/** The page's own style and nothing else: no script runs, whatever a name might hold. */
export const docsPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`,
  "frame-ancestors 'none'",
].join("; ");

/** The routes of the document for people; programs read the document itself. */
export function renderDocs(document: OpenApiDocument): string {
  const routes = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => renderRoute(path, method, operation)),
  );
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width"><title>Nadi API</title>',
    `<style>${style}</style></head><body><h1>Nadi API</h1>`,
    `<p>${escapeHtml(document.info.description ?? "")}</p>`,
    '<p>For programs: <a href="/api/openapi.json">/api/openapi.json</a></p>',
    `<dl>${routes.join("")}</dl></body></html>\n`,
  ].join("");
}

interface Operation {
  summary?: string;
  description?: string;
  parameters?: { name?: string; in?: string; required?: boolean; description?: string }[];
}

function renderRoute(path: string, method: string, operation: Operation): string {
  const { summary = "", description = "", parameters = [] } = operation;
  const rows = parameters
    .filter((parameter) => parameter.in === "query")
    .map(({ name = "", required = false, description: about = "" }) => {
      const cells = [`<code>${escapeHtml(name)}</code>`, required ? "required" : "optional"];
      return `<tr><td>${cells.join("</td><td>")}</td><td>${escapeHtml(about)}</td></tr>`;
    });
  const table = rows.length === 0 ? "" : `<table>${rows.join("")}</table>`;
  const title = `<code>${method.toUpperCase()} ${escapeHtml(path)}</code>`;
  const text = `${escapeHtml(summary)}. ${escapeHtml(description)}`;
  return `<dt>${title}</dt><dd>${text}${table}</dd>`;
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
