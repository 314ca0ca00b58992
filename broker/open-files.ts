/** Files beside client sockets: the journal, the records, the libraries' own. */
const filesKept = 96;
/** Of the sockets that fit, one in so many is for HTTP. */
const httpShare = 8;
/** For the sockets that wait for their refusal. */
const sparePercent = 5;

/** How many files this process may open, or `Infinity` where the system does not say. */
function openFilesMax(): number {
  const report: unknown = process.report.getReport();
  const limits = (report as { userLimits?: { open_files?: { soft?: unknown } } }).userLimits;
  const soft = limits?.open_files?.soft;
  return typeof soft === "number" ? soft : Infinity;
}

export interface SocketRoom {
  /** MQTT connections that count. */
  mqttConnections: number;
  /** Of them and of those that wait for their refusal. */
  mqttSockets: number;
  httpSockets: number;
}

/**
 * How many sockets of each kind this many open files allow. A process that lets clients take its
 * last file can't begin a segment of the journal, and then acknowledges nothing to anybody.
 */
export function shareOpenFiles(filesMax: number = openFilesMax()): SocketRoom {
  const sockets = Math.max(3, filesMax - filesKept);
  const httpSockets = Math.ceil(sockets / httpShare);
  const mqttSockets = filesMax === Infinity ? Infinity : sockets - httpSockets;
  const mqttConnections = Math.ceil(mqttSockets * (1 - sparePercent / 100));
  return { mqttConnections, mqttSockets, httpSockets };
}
