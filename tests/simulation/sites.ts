export interface DeviceSite {
  sppgId: string;
  deviceId: string;
  kind: "temperature-probe" | "gateway";
  place: "coldStore" | "cooking" | null;
  gatewayId: string | null;
}

/** Few devices in two kitchens; the gateway speaks for its children. */
export const sites: readonly DeviceSite[] = [
  site("sppg-jakarta-001", "alone", { place: "coldStore" }),
  site("sppg-jakarta-001", "hub", { kind: "gateway" }),
  site("sppg-jakarta-001", "child-a", { gatewayId: "hub", place: "coldStore" }),
  site("sppg-jakarta-001", "child-b", { gatewayId: "hub", place: "coldStore" }),
  site("sppg-jakarta-002", "soup", { place: "cooking" }),
];

function site(sppgId: string, deviceId: string, change: Partial<DeviceSite>): DeviceSite {
  const preset = { kind: "temperature-probe", place: null, gatewayId: null } as const;
  return { sppgId, deviceId, ...preset, ...change };
}
