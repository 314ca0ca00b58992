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
import { nodeFileSystem } from "./file-system.ts";
import { inspectJournal, type JournalFolder, type JournalReport, readJournal } from "./inspect.ts";
import type { JournalEntry } from "./journal.ts";

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
    "Works beside a running `nadi serve`, and changes nothing.",
    "",
    "Example: nadi journal inspect --json",
  ].join("\n"),
  options: {},
  positionals: { min: 0, max: 0 },
  async run(_args, context) {
    const report = await inspectJournal(journalFolder(context));
    context.stdout.write(context.json ? `${JSON.stringify(report)}\n` : describe(report));
    return exitCodes.done;
  },
};

const readCommand: Command = {
  path: ["journal", "read"],
  summary: "Print entries of the journal as JSON lines",
  usage: "nadi journal read [--from <offset>] [--limit <entries>]",
  details: [
    "  --from <offset>    the first offset to print; default 1",
    `  --limit <entries>  at most so many; default ${READ_LIMIT_DEFAULT}`,
    "",
    "Each line: offset, receivedTimeMs, kind, and for a publish principal, topicName, qos and",
    "payload (payloadBase64 where it is not UTF-8). What it prints is on disk: it syncs the file",
    "before it prints, because only the running `serve` knows what it has synced.",
    "",
    "Example: nadi journal read --from 1000 --limit 10",
  ].join("\n"),
  options: { from: { type: "string" }, limit: { type: "string" } },
  positionals: { min: 0, max: 0 },
  async run({ options }, context) {
    const range = {
      fromOffset: wholeNumber("--from", options["from"], 1),
      entriesMax: wholeNumber("--limit", options["limit"], READ_LIMIT_DEFAULT),
    };
    for await (const entry of readJournal(journalFolder(context), range)) {
      if (context.signal.aborted) break;
      context.stdout.write(`${JSON.stringify(printable(entry))}\n`);
    }
    return exitCodes.done;
  },
};

type OptionValue = ParsedArguments["options"][string];

function journalFolder(context: CommandContext): JournalFolder {
  const { dataDir } = loadDevicesConfig(context.env);
  return { disk: nodeFileSystem, directory: path.join(dataDir, "journal") };
}

function wholeNumber(name: string, value: OptionValue, fallback: number): number {
  if (value === undefined) return fallback;
  const number = Number(value);
  if (value !== "" && Number.isSafeInteger(number) && number >= 1) return number;
  throw new UsageError(`${name} must be a whole number from 1 on, not ${JSON.stringify(value)}`);
}

/** The fields in the order in which people read them. */
function printable(entry: JournalEntry): Record<string, unknown> {
  const { offset, receivedTimeMs, kind } = entry;
  if (entry.kind !== "publish") {
    return entry.kind === "change"
      ? { offset, receivedTimeMs, kind, changeSeq: entry.changeSeq }
      : {
          offset,
          receivedTimeMs,
          kind,
          ...(entry.kind === "clock" ? { stepMs: entry.stepMs } : {}),
        };
  }
  const { principal, topicName, qos } = entry;
  const bytes = Buffer.from(
    entry.payload.buffer,
    entry.payload.byteOffset,
    entry.payload.byteLength,
  );
  const payload = isUtf8(bytes)
    ? { payload: bytes.toString("utf8") }
    : { payloadBase64: bytes.toString("base64") };
  return { offset, receivedTimeMs, kind, principal, topicName, qos, ...payload };
}

function describe(report: JournalReport): string {
  const rows = report.segments.map((segment) => [
    segment.file,
    segment.entries === 0 ? "-" : `${segment.firstOffset}-${segment.lastOffset}`,
    String(segment.entries),
    String(segment.bytes),
    segment.fenced ? "fenced" : segment.sealed ? "sealed" : "active",
  ]);
  const cursors = report.cursors.map(({ name, nextOffset, lag }) => [
    name,
    String(nextOffset),
    String(lag),
  ]);
  const range =
    report.firstOffset === null ? "no entries" : `${report.firstOffset}-${report.lastOffset}`;
  return [
    `offsets ${range}, ${report.entries} entries, ${report.bytes} bytes`,
    `damaged records: ${report.damagedRecords}`,
    "",
    ...table(["segment", "offsets", "entries", "bytes", "state"], rows),
    "",
    ...table(["cursor", "next", "lag"], cursors),
    "",
  ].join("\n");
}

function table(head: string[], rows: string[][]): string[] {
  const lines = [head, ...rows];
  const widths = head.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  return lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
