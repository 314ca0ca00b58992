import path from "node:path";
import { runProgram } from "./nadi-process.ts";

const builder = path.resolve(import.meta.dirname, "../../dashboard/server/build-web-page.ts");

/** Builds the page as the launcher does; vitest's own NODE_ENV would give another one. */
export async function buildPage(): Promise<void> {
  const env = { PATH: process.env["PATH"], NODE_ENV: "production" };
  const result = await runProgram([process.execPath, builder], { env });
  if (result.code !== 0) throw new Error(`the page could not be built: ${result.stderr}`);
}
