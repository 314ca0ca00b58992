import type { ServeParts } from "../cli/serve-parts.ts";
import { ChangeFeed } from "./change-feed.ts";
import type { Registry } from "./registry.ts";

/** Follows the change log of a running service; what can't be read is logged. */
export async function serveChanges(
  registry: Registry,
  parts: Pick<ServeParts, "log" | "stack">,
): Promise<ChangeFeed> {
  const log = parts.log.child({ component: "records" });
  const feed = new ChangeFeed({
    registry,
    onUnreadable: (error) => log.error({ err: error }, "change log can't be read"),
    onReadable: () => log.info("change log can be read again"),
    onListenerError: (error, change) =>
      log.error({ err: error, seq: change.seq }, "a change was not applied"),
  });
  await feed.start();
  parts.stack.push(() => feed.stop());
  return feed;
}
