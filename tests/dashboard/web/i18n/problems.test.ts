import { expect, test } from "vitest";
import { problemMessages } from "../../../../dashboard/server/problem-messages.ts";
import { linkCodes } from "../../../../dashboard/web/api/api-error.ts";
import { en } from "../../../../dashboard/web/i18n/en.ts";
import { id } from "../../../../dashboard/web/i18n/id.ts";

test("every code that the page has words for is one that it can meet", () => {
  const known = new Set<string>([...Object.keys(problemMessages), ...linkCodes]);
  for (const { problem } of [id, en]) {
    expect(Object.keys(problem.byCode).filter((code) => !known.has(code))).toEqual([]);
  }
});
