import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { SimulatorsError } from "../errors.ts";
import { anonymousDevices, readCredentials } from "./credentials.ts";
import { loadDefaults, startLoad, type LoadOptions, type LoadPace } from "./load.ts";
import type { LoadStats } from "./meter.ts";

const usage = `usage: node simulators/load/main.ts --port <port> [options]

Publishes temperature readings from many devices and measures how they are acknowledged.

  --host <host>          broker; default ${loadDefaults.host}
  --port <port>          needed
  --credentials <file>   what "nadi device add --json" printed, one object a line or an array
  --connections <n>      how many of them (default all); without --credentials, anonymous: 100
  --ca <file>            use TLS and trust this certificate (PEM)
  --qos <0|1>            default ${loadDefaults.qos}
  --window <n>           messages in flight a connection; default ${loadDefaults.window}
  --rate <n>             messages a second in all; default: as fast as the window allows
  --idle                 connect and send nothing
  --seconds <n>          how long to measure; default 10
  --warm-up <n>          seconds before that are not counted; default 1
  --messages <n>         stop when each device has this many acknowledged
  --boot <n>             tells runs apart, goes into each payload
  --no-reconnect         a connection that ends stays ended
  --ack-log <file>       append JSON lines [clientId, boot, from, to] while it runs
  --acked <file>         write what was acknowledged by identity at the end (JSON)
  --json                 one JSON object on standard output

example: node simulators/load/main.ts --port 1883 --credentials devices.json --rate 10000`;

const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;
const options = {
  host: text,
  port: text,
  credentials: text,
  connections: text,
  ca: text,
  qos: text,
  window: text,
  rate: text,
  idle: flag,
  seconds: text,
  "warm-up": text,
  messages: text,
  boot: text,
  "no-reconnect": flag,
  "ack-log": text,
  acked: text,
  json: flag,
  help: flag,
} as const satisfies ParseArgsOptionsConfig;

type Arguments = ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];

function numberOf(args: Arguments, name: keyof Arguments, fallback: number): number {
  const value = args[name];
  if (value === undefined) return fallback;
  const parsed = Number(value);
  if (Number.isFinite(parsed) && parsed >= 0) return parsed;
  throw new SimulatorsError("SIMULATORS_OPTION_INVALID", `--${name}: ${value} is not a number`);
}

function loadOptions(args: Arguments): LoadOptions {
  const known = args.credentials === undefined ? null : readCredentials(args.credentials);
  const connections = numberOf(args, "connections", known?.length ?? 100);
  if (args.port === undefined || (known !== null && connections > known.length)) {
    const problem = args.port === undefined ? "--port is missing" : "--connections is above";
    const facts = args.port === undefined ? "" : ` the ${known?.length} devices of the file`;
    throw new SimulatorsError("SIMULATORS_OPTION_INVALID", problem + facts);
  }
  const pace: LoadPace =
    args.rate === undefined
      ? { kind: args.idle === true ? "idle" : "full" }
      : { kind: "rate", perSecond: numberOf(args, "rate", 0) };
  return {
    host: args.host ?? loadDefaults.host,
    port: numberOf(args, "port", 0),
    devices: known?.slice(0, connections) ?? anonymousDevices(connections),
    pace,
    qos: args.qos === "0" ? 0 : 1,
    window: numberOf(args, "window", loadDefaults.window),
    ...(args.ca === undefined ? {} : { tls: { ca: readFileSync(args.ca) } }),
    ...(args.boot === undefined ? {} : { boot: numberOf(args, "boot", 0) }),
    ...(args.messages === undefined ? {} : { messagesPerDevice: numberOf(args, "messages", 0) }),
    ...(args["no-reconnect"] === true ? { reconnect: null } : {}),
    ...(args["ack-log"] === undefined ? {} : { ackLogFile: args["ack-log"] }),
  };
}

function describe(stats: LoadStats): string {
  const { latency, lateness } = stats;
  const cpuUsPerMessage = stats.cpuUs / Math.max(1, stats.acked, stats.sent);
  const ms = (us: number): string => (us / 1000).toFixed(2);
  return [
    `acknowledged   ${stats.acked} (${Math.round(stats.ackedPerSecond)}/s), sent ${stats.sent}`,
    `PUBACK ms      p50 ${ms(latency.p50Us)}  p99 ${ms(latency.p99Us)}` +
      `  p999 ${ms(latency.p999Us)}`,
    `late sends ms  p50 ${ms(lateness.p50Us)}  p99 ${ms(lateness.p99Us)}`,
    `connections    ${stats.live} live, ${stats.disconnects} lost`,
    `resent         ${stats.resent}`,
    `odd acks       ${stats.strayAcks} stray, ${stats.outOfOrderAcks} out of order`,
    `generator CPU  ${cpuUsPerMessage.toFixed(2)} µs a message`,
  ].join("\n");
}

function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

async function main(): Promise<number> {
  const { values: args } = parseArgs({ options });
  if (args.help === true) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.once("SIGINT", stop).once("SIGTERM", stop);
  const load = await startLoad(loadOptions(args));
  if (args.messages === undefined) {
    await pause(numberOf(args, "warm-up", 1), stopping.signal);
    load.measure();
    await pause(numberOf(args, "seconds", 10), stopping.signal);
  } else {
    await Promise.race([load.finished, pause(2 ** 20, stopping.signal)]);
    stop();
  }
  // Taken before the drain, which is slower than what is measured.
  const stats = load.stats();
  await load.stop();
  if (args.acked !== undefined) writeFileSync(args.acked, JSON.stringify(load.acked()));
  process.stdout.write(`${args.json === true ? JSON.stringify(stats) : describe(stats)}\n`);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  const { message, code } = error as Error & { code?: string };
  process.stderr.write(`${message}${code === undefined ? "" : ` (${code})`}\n`);
  process.exitCode = code === "SIMULATORS_OPTION_INVALID" ? 2 : 1;
}
