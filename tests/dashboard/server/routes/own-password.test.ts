import { expect, test } from "vitest";
import { isWeakPassword } from "../../../../dashboard/server/people/password-policy.ts";
import { type Client, cookieOf, createClient, createKitchenApi } from "../kitchen-api.ts";

const next = "tiga ekor kucing di atap";

function change(client: Pick<Client, "send">, current: string, wanted = next) {
  const body = { current, next: wanted };
  return client.send("POST", "/api/session/password", { body });
}

test("a person's new password ends their other sessions and not the one it is set in", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  const { email, password } = head;
  const elsewhere = createClient(
    made.server,
    cookieOf(await made.post("/api/session", { email, password })),
  );
  expect((await elsewhere.get("/api/session")).statusCode).toBe(200);
  expect((await change(head, head.password)).statusCode).toBe(204);
  await made.feed.poke();
  expect((await elsewhere.get("/api/session")).statusCode).toBe(401);
  expect((await head.get("/api/session")).statusCode).toBe(200);
  const signIn = (word: string) => made.post("/api/session", { email, password: word });
  expect((await signIn(head.password)).statusCode).toBe(401);
  expect((await signIn(next)).statusCode).toBe(200);
  const { events } = await made.registry.readAudit({ kitchens: "all", kind: "user", limit: 1 });
  expect(events[0]).toMatchObject({
    actor: `user:${head.email}`,
    action: "user.password",
    detail: { sessionsEnded: 1 },
  });
});

test("who does not know the current password changes nothing, and soon has to wait", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  const statuses: number[] = [];
  for (let count = 0; count < 7; count += 1) {
    statuses.push((await change(head, `guess ${count}`)).statusCode);
  }
  expect(statuses.slice(0, 5)).toEqual([403, 403, 403, 403, 403]);
  expect(statuses.at(-1)).toBe(429);
  expect((await head.get("/api/session")).statusCode).toBe(200);
  expect(made.audit.at(-1)).toMatchObject({ action: "user.password", outcome: "refused" });
});

test("a password that others would try is refused, whatever its characters are", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  for (const weak of ["pendek", "password", "Password123!", "bismillah1", "aaaaaaaaaaaaaaa"]) {
    const answer = await change(head, head.password, weak);
    expect([weak, answer.statusCode, answer.json().code]).toEqual([
      weak,
      422,
      "DASHBOARD_PASSWORD_WEAK",
    ]);
  }
  expect((await change(head, head.password)).statusCode).toBe(204);
});

test("of one's own address no password is made; long ones of any kind are taken", () => {
  expect(isWeakPassword("siti.rahma-2026", "siti.rahma@example.org")).toBe(true);
  expect(isWeakPassword("ti kucing lapar", "ti@example.org")).toBe(false);
  expect(isWeakPassword("kuda nil makan rumput", "siti@example.org")).toBe(false);
  expect(isWeakPassword("密码很长也很好记得", "siti@example.org")).toBe(false);
});
