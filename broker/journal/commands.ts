import { isUtf8 } from "node:buffer";
import path from "node:path";
import {
  type Command,
  type CommandContext,
  exitCodes,
  loadDevicesConfig,
  type ParsedArguments,
  UsageError,
} from "../../devices/index.ts";
import { loadJournalConfig } from "./config.ts";
import { describeFiles, describeRedis } from "./describe-report.ts";
import { nodeFileSystem } from "./file-system.ts";
import { inspectJournal, type JournalFolder, readJournal } from "./inspect.ts";
import type { JournalEntry } from "./journal.ts";
import { lookAtRedisJournal } from "./redis/inspect.ts";

const READ_LIMIT_DEFAULT = 100;

/** `nadi journal …`: they only look, beside a running `serve` or without one. */
export function createJournalCommands(): Command[] {
  return [inspectCommand, readCommand];
}

const inspectCommand: Command = {
  path: ["journal", "inspect"],
  summary: "Show the journal's segments, offsets, cursors, lag and damage",
  usage: "nadi journal inspect [--json]",
  details: [
    "Reads and checks every record, so that it takes a while on a large journal.",
    "Works beside a running `nadi serve`, and changes nothing. With NADI_JOURNAL=redis it shows",
    "the partitions of the journal at NADI_JOURNAL_REDIS_URL.",
    "",
    "example: nadi journal inspect --json",
  ].join("\n"),
  options: {},
  positionals: { min: 0, max: 0 },
  async run(_args, context) {
    const { redis } = loadJournalConfig(context.env);
    if (redis === null) {
      const report = await inspectJournal(journalFolder(context));
      context.stdout.write(context.json ? `${JSON.stringify(report)}\n` : describeFiles(report));
    } else {
      const report = await lookAtRedisJournal(redis.url, (look) => look.inspect());
      context.stdout.write(context.json ? `${JSON.stringify(report)}\n` : describeRedis(report));
    }
    return exitCodes.done;
  },
};

const readCommand: Command = {
  path: ["journal", "read"],
  summary: "Print entries of the journal as JSON lines",
  usage: "nadi journal read [--from <offset>] [--limit <entries>] [--partition <number>]",
  details: [
    "  --from <offset>       the first offset to print; default 1",
    `  --limit <entries>     at most so many; default ${READ_LIMIT_DEFAULT}`,
    "  --partition <number>  with NADI_JOURNAL=redis: of one partition; else one after the other",
    "",
    "Each line: (partition,) offset, receivedTimeMs, kind, and for a publish principal, topicName,",
    "qos and payload (payloadBase64 where it is not UTF-8). What it prints is on disk: it syncs",
    "the file before it prints, because only the running `serve` knows what it has synced.",
    "",
    "example: nadi journal read --from 1000 --limit 10",
  ].join("\n"),
  json: "JSON lines in any case, none if there are no entries; errors as one object on stderr",
  options: { from: { type: "string" }, limit: { type: "string" }, partition: { type: "string" } },
  positionals: { min: 0, max: 0 },
  async run({ options }, context) {
    const range = {
      fromOffset: wholeNumber("--from", options["from"], { least: 1, fallback: 1 }),
      entriesMax: wholeNumber("--limit", options["limit"], {
        least: 1,
        fallback: READ_LIMIT_DEFAULT,
      }),
    };
    const { redis } = loadJournalConfig(context.env);
    if (redis === null) {
      if (options["partition"] !== undefined) {
        throw new UsageError("--partition is for a journal on Redis: set NADI_JOURNAL=redis.");
      }
      await print(readJournal(journalFolder(context), range), context);
      return exitCodes.done;
    }
    const partition =
      options["partition"] === undefined
        ? null
        : wholeNumber("--partition", options["partition"], { least: 0, fallback: 0 });
    await lookAtRedisJournal(redis.url, (look) =>
      print(look.read({ ...range, partition }), context),
    );
    return exitCodes.done;
  },
};

type PrintedEntry = JournalEntry & { partition?: number };

async function print(entries: AsyncIterable<PrintedEntry>, context: CommandContext): Promise<void> {
  for await (const entry of entries) {
    if (context.signal.aborted) return;
    context.stdout.write(`${JSON.stringify(printable(entry))}\n`);
  }
}

type OptionValue = ParsedArguments["options"][string];

function journalFolder(context: CommandContext): JournalFolder {
  const { dataDir } = loadDevicesConfig(context.env);
  return { disk: nodeFileSystem, directory: path.join(dataDir, "journal") };
}

function wholeNumber(
  name: string,
  value: OptionValue,
  { least, fallback }: { least: number; fallback: number },
): number {
  if (value === undefined) return fallback;
  const number = Number(value);
  if (value !== "" && Number.isSafeInteger(number) && number >= least) return number;
  const given = JSON.stringify(value);
  throw new UsageError(`${name} must be a whole number from ${least} on, not ${given}`);
}

/** The fields in the order in which people read them. */
function printable(entry: PrintedEntry): Record<string, unknown> {
  const { offset, receivedTimeMs, kind } = entry;
  const place = entry.partition === undefined ? {} : { partition: entry.partition };
  const head = { ...place, offset, receivedTimeMs, kind };
  if (entry.kind === "change") return { ...head, changeSeq: entry.changeSeq };
  if (entry.kind === "clock") return { ...head, stepMs: entry.stepMs };
  if (entry.kind === "tick") return head;
  const { principal, topicName, qos } = entry;
  const bytes = Buffer.from(
    entry.payload.buffer,
    entry.payload.byteOffset,
    entry.payload.byteLength,
  );
  const payload = isUtf8(bytes)
    ? { payload: bytes.toString("utf8") }
    : { payloadBase64: bytes.toString("base64") };
  return { ...head, principal, topicName, qos, ...payload };
}
