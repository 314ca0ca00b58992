/** The dead letter of a gateway's message about a device that is not registered below it. */
export const childUnknownReason = "INGEST_CHILD_UNKNOWN";

const between = ": no device below ";

/** For people, and for the list of devices to adopt, which finds the child's id in it again. */
export function childUnknownDetail(childId: string, gatewayId: string): string {
  return `${childId}${between}${gatewayId}`;
}

/** `null` for a detail of another kind. */
export function unknownChildOf(detail: string): string | null {
  const at = detail.indexOf(between);
  return at <= 0 ? null : detail.slice(0, at);
}
