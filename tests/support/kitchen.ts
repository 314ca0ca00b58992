import { setImmediate as nextTurn } from "node:timers/promises";
import { connectAsync, type MqttClient } from "mqtt";
import {
  type CommandResult,
  type NadiProcess,
  runNadi,
  runProgram,
  type Scope,
} from "./nadi-process.ts";

/** What `device add --json` prints. */
export interface DeviceLogin {
  sppgId: string;
  deviceId: string;
  clientId: string;
  username: string;
  password: string;
  topic: string;
}

/** Runs a command with `--json` beside a running serve; throws with its message if it fails. */
export async function command(dataDir: string, words: readonly string[]): Promise<unknown> {
  const result = await runNadi(dataDir, [...words, "--json"]);
  if (result.code !== 0) throw new Error(`nadi ${words.join(" ")}: ${result.stderr}`);
  return JSON.parse(result.stdout);
}

export async function addKitchen(dataDir: string, sppgId: string): Promise<void> {
  const zone = ["--timezone", "Asia/Jakarta"];
  await command(dataDir, ["kitchen", "add", sppgId, "--name", `Dapur ${sppgId}`, ...zone]);
}

/** `options` are further words, e.g. `["--place", "coldStore"]`. */
export async function addDevice(
  dataDir: string,
  ids: { sppgId: string; deviceId: string; kind: string },
  options: readonly string[] = [],
): Promise<DeviceLogin> {
  const words = ["device", "add", ids.sppgId, ids.deviceId, "--kind", ids.kind, ...options];
  // The command's documented shape.
  return (await command(dataDir, words)) as DeviceLogin;
}

export async function addUser(
  dataDir: string,
  user: { email: string; role: string; kitchens?: readonly string[] },
): Promise<{ email: string; password: string }> {
  const kitchens = user.kitchens === undefined ? [] : ["--kitchens", user.kitchens.join(",")];
  const words = ["user", "add", user.email, "--role", user.role, ...kitchens];
  // The command's documented shape.
  return (await command(dataDir, words)) as { email: string; password: string };
}

/** A signed-in person, as a script would be one: a cookie and JSON. */
export interface ApiClient {
  readonly cookie: string;
  /** The parsed body; throws with the problem document unless the status is 2xx. */
  get<Body>(path: string): Promise<Body>;
  post<Body>(path: string, body: unknown): Promise<Body>;
  request(path: string, init?: RequestInit): Promise<Response>;
}

export async function signInPerson(
  httpUrl: string,
  login: { email: string; password: string },
): Promise<ApiClient> {
  const signedIn = await fetch(`${httpUrl}/api/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: login.email, password: login.password }),
  });
  if (!signedIn.ok) throw new Error(`sign-in: ${signedIn.status} ${await signedIn.text()}`);
  const cookie = signedIn.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const request = (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    headers.set("cookie", cookie);
    return fetch(`${httpUrl}${path}`, { ...init, headers });
  };
  const answer = async <Body>(response: Response): Promise<Body> => {
    if (!response.ok) {
      throw new Error(`${response.url}: ${response.status} ${await response.text()}`);
    }
    // The caller names the shape that design.md gives this route.
    return (await response.json()) as Body;
  };
  return {
    cookie,
    request,
    get: async (path) => answer(await request(path)),
    post: async (path, body) =>
      answer(
        await request(path, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        }),
      ),
  };
}

/** Publishes at QoS 1 with the real `mosquitto_pub`; resolves at its end, after the PUBACK. */
export function mosquittoPub(
  nadi: Pick<NadiProcess, "mqttPort">,
  login: DeviceLogin,
  publish: { topic?: string; message: string },
): Promise<CommandResult> {
  const address = ["-h", "127.0.0.1", "-p", String(nadi.mqttPort)];
  const who = ["-i", login.clientId, "-u", login.username, "-P", login.password];
  const what = ["-q", "1", "-t", publish.topic ?? login.topic, "-m", publish.message];
  // A refused publish closes the connection, and mosquitto_pub would come back for ever.
  return runProgram(["mosquitto_pub", ...address, ...who, ...what], { timeoutMs: 5_000 });
}

/** A device as mqtt.js is one; `publish` resolves with the PUBACK. */
export async function connectDevice(
  scope: Scope,
  nadi: Pick<NadiProcess, "mqttPort">,
  login: DeviceLogin,
): Promise<MqttClient> {
  const client = await connectAsync({
    host: "127.0.0.1",
    port: nadi.mqttPort,
    clientId: login.clientId,
    username: login.username,
    password: login.password,
    reconnectPeriod: 0,
  });
  scope.onTestFinished(async () => {
    await client.endAsync(true);
  });
  return client;
}

/** Asks again until the answer fits; the deadline is five times the target. */
export async function eventually<Value>(
  ask: () => Promise<Value>,
  fits: (value: Value) => boolean,
  deadlineMs: number,
): Promise<Value> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    const value = await ask();
    if (fits(value)) return value;
    if (performance.now() > endMs) {
      throw new Error(`not within ${deadlineMs} ms; last: ${JSON.stringify(value)?.slice(0, 500)}`);
    }
    // An `ask` that needs no input must not keep others from theirs.
    await nextTurn();
  }
}
