import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { once } from "node:events";
import { createServer } from "node:http";
import { expect, test, type TestContext } from "vitest";
import { ApiError, mayRetry } from "../../../../dashboard/web/api/api-error.ts";
import { addressOf, createCall } from "../../../../dashboard/web/api/call.ts";
import { createKitchenApi, sppgId } from "../../server/kitchen-api.ts";

/** The real API on a port, called as a page would; a jar of one cookie stands for the browser. */
async function openApi(t: TestContext) {
  const given = await createKitchenApi(t);
  const baseUrl = await given.server.listen({ host: "127.0.0.1", port: 0 });
  let cookie = "";
  let signedOutCount = 0;
  const call = createCall({
    baseUrl,
    async fetch(input, init) {
      const headers = new Headers(init?.headers);
      headers.set("cookie", cookie);
      const response = await fetch(input, { ...init, headers });
      cookie = response.headers.getSetCookie()[0]?.split(";")[0] ?? cookie;
      return response;
    },
    onSignedOut: () => {
      signedOutCount += 1;
    },
  });
  return { ...given, call, signedOutCount: () => signedOutCount };
}

async function failure(promise: Promise<unknown>): Promise<ApiError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApiError)) throw new Error("no ApiError", { cause: error });
  return error;
}

test("a person signs in, reads their kitchens and signs out", async (t) => {
  const { call, addPerson, signedOutCount } = await openApi(t);
  const { email, password } = await addPerson("head", [sppgId]);
  const session = await call("signIn", { body: { email, password } });
  expect(session).toMatchObject({ email, role: "head", kitchens: [sppgId] });
  const { kitchens } = await call("listKitchens", {});
  expect(kitchens.map((kitchen) => kitchen.sppgId)).toEqual([sppgId]);
  expect(await call("listAlerts", { params: { sppgId }, query: { limit: 5 } })).toEqual({
    alerts: [],
    nextCursor: null,
  });
  expect(await call("signOut", {})).toBeUndefined();
  expect(signedOutCount()).toBe(0);
  expect(await failure(call("listKitchens", {}))).toMatchObject({
    code: "DASHBOARD_SESSION_MISSING",
    status: 401,
  });
  expect(signedOutCount()).toBe(1);
});

test("a refused sign-in is no end of a session, and is not tried again", async (t) => {
  const { call, signedOutCount } = await openApi(t);
  const error = await failure(
    call("signIn", { body: { email: "nobody@nadi.test", password: "wrong" } }),
  );
  expect(error.code).toBe("DASHBOARD_SIGN_IN_REFUSED");
  expect(mayRetry(error)).toBe(false);
  expect(signedOutCount()).toBe(0);
});

test("what is wrong with an input is named place by place", async (t) => {
  const { call, addPerson } = await openApi(t);
  await call("signIn", { body: await addPerson("operator") });
  const error = await failure(
    call("listAlerts", { params: { sppgId }, query: { limit: 100_000 } }),
  );
  expect(error).toMatchObject({ code: "DASHBOARD_INPUT_INVALID", status: 400 });
  expect(error.issues.map(({ path }) => path)).toEqual(["query.limit"]);
});

test("nobody who answers is an outage, which may be tried again", async (t) => {
  const server = createTcpServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  t.onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const call = createCall({ baseUrl: `http://127.0.0.1:${port}` });
  const error = await failure(call("listKitchens", {}));
  expect(error).toMatchObject({ code: "WEB_UNREACHABLE", status: 0 });
  expect(mayRetry(error)).toBe(true);
});

test("a caller that has gone is told of its own end, not of an outage", async () => {
  const call = createCall({ baseUrl: "http://127.0.0.1:9" });
  const left = AbortSignal.abort();
  await expect(call("listKitchens", { signal: left })).rejects.toMatchObject({
    name: "AbortError",
  });
});

test("the words of a proxy are not taken for ours", async (t) => {
  const proxy = createServer((_request, response) => {
    response.writeHead(502, { "content-type": "text/html", "retry-after": "7" });
    response.end("<h1>Bad gateway</h1>");
  }).listen(0, "127.0.0.1");
  t.onTestFinished(() => void proxy.close());
  await once(proxy, "listening");
  const { port } = proxy.address() as AddressInfo;
  const error = await failure(createCall({ baseUrl: `http://127.0.0.1:${port}` })("signOut", {}));
  expect(error).toMatchObject({
    code: "WEB_ANSWER_UNREADABLE",
    status: 502,
    retryAfterSeconds: 7,
  });
});

test("parameters can't leave their place in an address", () => {
  const params = { sppgId: "../a?b", alertId: "x/y" };
  expect(addressOf("readAlert", { params })).toBe("/api/kitchens/..%2Fa%3Fb/alerts/x%2Fy");
  expect(addressOf("listAlerts", { params, query: { cursor: "a&b=c", from: undefined } })).toBe(
    "/api/kitchens/..%2Fa%3Fb/alerts?cursor=a%26b%3Dc",
  );
});
