import * as z from "zod/mini";
import { readChoice, writeChoice } from "../design/stored-choice.ts";
import { Listeners } from "../realtime/listeners.ts";

/** `impossible`: plain HTTP on a network, or a browser that has none. */
export type NotificationChoice = "impossible" | "off" | "refused" | "on";

const choiceKey = "nadi.notify";
const shownKey = "nadi.notified";
/** Alerts that were notified are remembered so long that they are over; an id has 40 characters. */
const shownMax = 200;

export const onNotificationChoice = new Listeners();

export function readNotificationChoice(): NotificationChoice {
  if (!("Notification" in window) || !("serviceWorker" in navigator)) return "impossible";
  if (Notification.permission === "denied") return "refused";
  return Notification.permission === "granted" && readChoice(choiceKey) === "on" ? "on" : "off";
}

/** Only within a press: a question that nobody asked for is refused for good. */
export async function turnNotificationsOn(): Promise<void> {
  const permission = await Notification.requestPermission();
  writeChoice(choiceKey, permission === "granted" ? "on" : null);
  onNotificationChoice.tell();
}

export function turnNotificationsOff(): void {
  writeChoice(choiceKey, null);
  onNotificationChoice.tell();
}

export interface AlertNotice {
  alertId: string;
  title: string;
  body: string;
  /** Where a press on it leads. */
  url: string;
  lang: string;
}

/**
 * Shows what is new and, if `notices` are all there are, takes away what needs nobody any more. All
 * tabs of a browser call it: one after another, by a lock, and an alert that one has shown is shown
 * by no other.
 */
export async function showNotices(
  notices: readonly AlertNotice[],
  isWhole: boolean,
): Promise<void> {
  await navigator.locks.request(shownKey, async () => {
    const registration = await navigator.serviceWorker.ready;
    const shown = readShown();
    for (const { alertId, title, body, url, lang } of notices) {
      if (shown.includes(alertId)) continue;
      shown.push(alertId);
      const options = {
        body,
        lang,
        tag: alertId,
        data: { url, shownAtMs: Date.now() },
        requireInteraction: true,
      };
      await registration.showNotification(title, { ...options, icon: "/icons/icon-192.png" });
    }
    writeChoice(shownKey, JSON.stringify(shown.slice(-shownMax)));
    const waiting = new Set(notices.map(({ alertId }) => alertId));
    for (const one of await registration.getNotifications()) {
      if (isWhole && !waiting.has(one.tag) && mayKnow(one)) one.close();
    }
    if (isWhole) knownIds = waiting;
  });
}

/** Another person sits here next: nothing that was shown to this one stays, or counts as told. */
export async function forgetNotices(): Promise<void> {
  if (!("Notification" in window) || !("serviceWorker" in navigator)) return;
  await navigator.locks.request(shownKey, async () => {
    writeChoice(shownKey, null);
    const registration = await navigator.serviceWorker.getRegistration();
    for (const one of (await registration?.getNotifications()) ?? []) one.close();
  });
}

const noticeSchema = z.object({ shownAtMs: z.number() });

/** Of the alerts that this page has heard of. */
let knownIds: ReadonlySet<string> = new Set();

/** Another tab may have heard of an alert first; what was there before this one is not of them. */
function mayKnow(one: Notification): boolean {
  const data: unknown = one.data;
  const read = noticeSchema.safeParse(data);
  return knownIds.has(one.tag) || !read.success || read.data.shownAtMs < performance.timeOrigin;
}

function readShown(): string[] {
  try {
    const known: unknown = JSON.parse(readChoice(shownKey) ?? "[]");
    return Array.isArray(known) ? known.filter((id) => typeof id === "string") : [];
  } catch {
    // Not ours: as if nothing had been shown.
    return [];
  }
}
