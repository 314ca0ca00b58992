import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Scope } from "../support/nadi-process.ts";

/** Why `strace` can't inject faults here, or `null`: tried on a program that does nothing. */
export function whyNoStrace(): string | null {
  try {
    execFileSync("strace", ["-f", "-qq", "-e", "trace=fdatasync", "true"], { stdio: "pipe" });
    return null;
  } catch (error) {
    return `strace can't trace here: ${firstLine(error)}`;
  }
}

/** A small file system of its own, unmounted when the scope ends; or why there is none. */
export function mountTmpfs(
  scope: Scope,
  megabytes: number,
): { folder: string; whyNot: null } | { folder: ""; whyNot: string } {
  if (process.getuid?.() !== 0) return { folder: "", whyNot: "mounting a tmpfs needs root" };
  const folder = mkdtempSync(path.join(tmpdir(), "nadi-tmpfs-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const size = `size=${megabytes}m`;
    execFileSync("mount", ["-t", "tmpfs", "-o", size, "nadi-test", folder], { stdio: "pipe" });
  } catch (error) {
    remove();
    return { folder: "", whyNot: `a tmpfs can't be mounted here: ${firstLine(error)}` };
  }
  scope.onTestFinished(() => {
    execFileSync("umount", ["-l", folder]);
    remove();
  });
  return { folder, whyNot: null };
}

const faketimePlaces = [
  "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
  "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
  "/usr/lib/faketime/libfaketimeMT.so.1",
];

export function findFaketime(): string | null {
  return faketimePlaces.find((place) => existsSync(place)) ?? null;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}
