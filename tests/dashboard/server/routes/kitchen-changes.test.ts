import { expect, test } from "vitest";
import { createKitchenApi, sppgId } from "../kitchen-api.ts";

const fresh = { sppgId: "sppg-ambon-001", name: "SPPG Ambon", timeZone: "Asia/Jayapura" };

test("an operator adds a kitchen and gives it another name; its people see it at once", async (t) => {
  const made = await createKitchenApi(t);
  const operator = await made.signIn("operator");
  const added = await operator.send("POST", "/api/kitchens", { body: fresh });
  expect(added.json()).toMatchObject({ ...fresh, version: 1 });
  expect((await operator.send("POST", "/api/kitchens", { body: fresh })).json()).toMatchObject({
    status: 409,
    code: "REGISTRY_KITCHEN_EXISTS",
  });
  const head = await made.signIn("head");
  const url = `/api/kitchens/${sppgId}`;
  const { headers } = await head.get(url);
  const body = { name: "Dapur <b>Menteng</b>", timeZone: "Asia/Makassar" };
  const ifMatch = { "if-match": String(headers["etag"]) };
  const changed = await operator.send("PUT", url, { body, headers: ifMatch });
  expect([changed.json(), changed.headers["etag"]]).toMatchObject([{ ...body, version: 2 }, '"2"']);
  await made.feed.poke();
  expect((await head.get("/api/kitchens")).json().kitchens).toMatchObject([body]);
  const stale = await operator.send("PUT", url, { body, headers: ifMatch });
  expect(stale.json()).toMatchObject({ status: 412 });
  expect((await operator.send("PUT", url, { body })).json()).toMatchObject({ status: 428 });
  expect((await head.send("PUT", url, { body, headers: ifMatch })).statusCode).toBe(403);
});

test("a kitchen's name is one line that can be printed, and its id and zone are known ones", async (t) => {
  const made = await createKitchenApi(t);
  const operator = await made.signIn("operator");
  for (const wrong of [
    { name: "" },
    { name: "two\nlines" },
    { name: "\u001b[2J" },
    { name: "x".repeat(201) },
    { sppgId: "../etc" },
    { timeZone: "Europe/Berlin" },
    { role: "operator" },
  ]) {
    const answer = await operator.send("POST", "/api/kitchens", { body: { ...fresh, ...wrong } });
    expect([wrong, answer.statusCode]).toEqual([wrong, 400]);
  }
});
