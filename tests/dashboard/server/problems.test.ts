import { expect, test } from "vitest";
import { brokerErrors } from "../../../broker/errors.ts";
import { httpErrors } from "../../../dashboard/server/errors.ts";
import { problemMessages } from "../../../dashboard/server/problem-messages.ts";
import { CodedError } from "../../../devices/index.ts";
import { recordsErrors } from "../../../devices/records/errors.ts";
import { registryErrors } from "../../../devices/registry/errors.ts";
import { ingestErrors } from "../../../ingest/errors.ts";
import { createKitchenApi } from "./kitchen-api.ts";

const tables = {
  ...brokerErrors,
  ...httpErrors,
  ...ingestErrors,
  ...recordsErrors,
  ...registryErrors,
};

test("no code has a page without being in a table of codes", () => {
  for (const code of Object.keys(problemMessages)) expect(tables).toHaveProperty(code);
});

test("each code has its page in both languages", async (t) => {
  const { server } = await createKitchenApi(t);
  for (const [code, { en, id }] of Object.entries(problemMessages)) {
    const page = await server.inject(`/problems/${code}`);
    expect(page.body).toContain(`en: ${en}`);
    expect(page.body).toContain(`id: ${id}`);
    expect(en).not.toBe(id);
  }
});

test("every code of the ingest and the records is either told or a fault of ours", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  const url = "/api/kitchens/sppg-jakarta-001/readings?device=probe-1&reading=temperature";
  for (const [code, facts] of Object.entries({ ...ingestErrors, ...recordsErrors })) {
    made.store.onQuery = () =>
      Promise.reject(new CodedError(code, facts, { message: "secret.sqlite" }));
    const answer = await head.get(url);
    const isTold = Object.hasOwn(problemMessages, code) && facts.class !== "internal";
    const isMissing = isTold && facts.status === 404;
    const toldCode = isMissing ? "DASHBOARD_NOT_FOUND" : code;
    expect(answer.json()).toMatchObject({
      code: isTold ? toldCode : "DASHBOARD_INTERNAL",
      status: isTold ? facts.status : 500,
    });
    const isCallers =
      isTold && !isMissing && (facts.class === "input" || facts.class === "conflict");
    expect([code, answer.body.includes("secret.sqlite")]).toEqual([code, isCallers]);
  }
});
