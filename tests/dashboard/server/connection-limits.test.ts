import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { expect, type TestContext, test } from "vitest";
import {
  boundPipelining,
  limitConnections,
  unansweredMax,
} from "../../../dashboard/server/connection-limits.ts";

const request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

interface Limited {
  /** What was handed on, each with its answer. */
  answers: (() => void)[];
  /** Counts requests as they are handed on. */
  handed(count: number): Promise<void>;
  open(address?: string): Socket;
}

async function createLimited(
  t: TestContext,
  limits: { max: number; trustedProxies?: string[] },
): Promise<Limited> {
  const answers: (() => void)[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const server = createServer(
    boundPipelining((_request, response) => {
      answers.push(() => response.end("ok"));
      for (const { count, resolve } of waiting) if (answers.length >= count) resolve();
    }),
  );
  limitConnections(server, { trustedProxies: [], ...limits });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    answers,
    async handed(count) {
      if (answers.length >= count) return;
      const reached = Promise.withResolvers<void>();
      waiting.push({ count, resolve: reached.resolve });
      await reached.promise;
    },
    open(address = "127.0.0.1") {
      const socket = connect({ port, host: "127.0.0.1", localAddress: address });
      // Else nobody would notice its end.
      socket.resume();
      // A reset is one of the ends that these tests wait for.
      socket.on("error", () => socket.destroy());
      t.onTestFinished(() => {
        socket.destroy();
      });
      return socket;
    },
  };
}

/** An open connection that has had its answer and now waits. */
async function openIdle(limited: Limited, address?: string): Promise<Socket> {
  const socket = limited.open(address);
  const before = limited.answers.length;
  socket.write(request);
  await limited.handed(before + 1);
  limited.answers[before]?.();
  await once(socket, "data");
  return socket;
}

test("a client that sends many requests without waiting is cut off, and few are handled", async (t) => {
  const limited = await createLimited(t, { max: 10 });
  const flood = limited.open();
  flood.write(request.repeat(1_000));
  await once(flood, "close");
  expect(limited.answers).toHaveLength(unansweredMax);
});

test("requests that wait for their answers are as many as they like", async (t) => {
  const limited = await createLimited(t, { max: 10 });
  const socket = limited.open();
  for (let count = 1; count <= 3 * unansweredMax; count += 1) {
    socket.write(request);
    await limited.handed(count);
    limited.answers[count - 1]?.();
    await once(socket, "data");
  }
  expect(limited.answers).toHaveLength(3 * unansweredMax);
  expect(socket.destroyed).toBe(false);
});

test("one address gets half of the connections, and another the rest", async (t) => {
  const limited = await createLimited(t, { max: 4 });
  for (let count = 1; count <= 2; count += 1) {
    limited.open("127.0.0.2").write(request);
    await limited.handed(count);
  }
  await once(limited.open("127.0.0.2"), "close");
  limited.open("127.0.0.3").write(request);
  await limited.handed(3);
  expect(limited.answers).toHaveLength(3);
});

test("a trusted proxy, which stands for many, may use all", async (t) => {
  const limited = await createLimited(t, { max: 4, trustedProxies: ["127.0.0.0/24"] });
  for (let count = 1; count <= 4; count += 1) {
    limited.open("127.0.0.2").write(request);
    await limited.handed(count);
  }
  expect(limited.answers).toHaveLength(4);
});

test("where all places are taken, connections that only wait make room", async (t) => {
  const limited = await createLimited(t, { max: 4 });
  const idle = [];
  // None of them has half of the places.
  for (const last of [2, 3, 4, 5]) idle.push(await openIdle(limited, `127.0.0.${last}`));
  const closed = idle.map((socket) => once(socket, "close"));
  await once(limited.open("127.0.0.6"), "close");
  await Promise.all(closed);
  expect((await openIdle(limited, "127.0.0.6")).destroyed).toBe(false);
});

test("an address whose connections only wait finds room again", async (t) => {
  const limited = await createLimited(t, { max: 4 });
  const first = await openIdle(limited);
  const closed = once(first, "close");
  await openIdle(limited);
  await closed;
  expect((await openIdle(limited)).destroyed).toBe(false);
});
