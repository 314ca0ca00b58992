import { renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Scope, tempFolder } from "../support/nadi-process.ts";
import { findFaketime } from "./needs.ts";

export const noFaketime = "libfaketime is not installed (Debian: apt-get install libfaketime)";

/** A wall clock that the test sets, and the environment of who reads it. */
export interface WallClock {
  /** Off the true clock by so much, in the words of libfaketime: `-2h`, `+3d`, `+0`. */
  set(offset: string): void;
  /** It stands still at the time that it tells now, if it was true before. */
  freeze(): void;
  env: Readonly<Record<string, string>>;
}

export function createWallClock(scope: Scope): WallClock {
  const offsetFile = path.join(tempFolder(scope), "offset");
  const set = (text: string): void => {
    // In one step: a file that is read half written would set another time.
    writeFileSync(`${offsetFile}.new`, `${text}\n`);
    renameSync(`${offsetFile}.new`, offsetFile);
  };
  set("+0");
  return {
    set,
    // A time without an `@` before it does not go on.
    freeze: () => set(new Date().toISOString().slice(0, 19).replace("T", " ")),
    env: {
      LD_PRELOAD: findFaketime() ?? "",
      FAKETIME_TIMESTAMP_FILE: offsetFile,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      TZ: "UTC",
    },
  };
}
