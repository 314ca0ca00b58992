import {
  type CountedChannelPublisher,
  crashPointFrom,
  openChannelPublisher,
} from "../../broker/index.ts";
import { callRecords, type Registry } from "../../devices/index.ts";
import type { IngestRecords } from "../desk/desk.ts";
import { monitorFactory } from "./monitor-factory.ts";
import { systemPace } from "./pace.ts";
import type { IngestStart } from "./protocol.ts";
import type { ServicePorts, WorkerLog } from "./service.ts";
import { endThread, liveClock } from "./surroundings.ts";

type OfTheJournal = "readJournal" | "syncedOffset" | "commitCursor";

/** What stands around the consumers wherever their journal lies, but for their store. */
export interface CommonPorts extends Omit<ServicePorts, OfTheJournal | "store"> {
  records: IngestRecords;
  channels: CountedChannelPublisher;
}

/** Of a thread of ingest, from what it is handed. */
export async function openCommonPorts(
  start: Pick<IngestStart, "recordsPort" | "channels" | "crashPointSetting">,
  log: WorkerLog,
): Promise<{ ports: CommonPorts; close: () => Promise<void> }> {
  const records = callRecords<{ ingest: IngestRecords; registry: Registry }>(start.recordsPort);
  const channels = await openChannelPublisher(start.channels, log);
  const ports: CommonPorts = {
    records: records.services.ingest,
    registry: records.services.registry,
    channels,
    monitors: monitorFactory,
    pace: systemPace,
    liveClock,
    crashPoint: crashPointFrom(start.crashPointSetting ?? undefined),
    log,
    onFatal: endThread,
  };
  const close = async (): Promise<void> => {
    await channels.close();
    records.close();
  };
  return { ports, close };
}
