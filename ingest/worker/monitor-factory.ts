import { createMonitor } from "../monitor/create-monitor.ts";
import { decodeMeta } from "../monitor/rows.ts";
import type { MonitorFactory } from "./load-monitor.ts";

export const monitorFactory: MonitorFactory = {
  create: createMonitor,
  changeSeqOf: (meta) => decodeMeta(meta).changeSeq,
};
