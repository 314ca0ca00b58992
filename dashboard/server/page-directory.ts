import path from "node:path";

/** Where the built page is: written by `build-web-page.ts`, read at the start. */
export const pageDirectory = path.resolve(import.meta.dirname, "..", "web", "dist");
