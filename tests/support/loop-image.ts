// A small ext4 on a loop device, whose image can be copied as a power cut would leave it.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Scope } from "./nadi-process.ts";

/** Why power cuts can't be tried here, or `null` when they can. */
export function whyNoLoopImage(): string | null {
  if (process.getuid?.() !== 0) return "needs root";
  const folder = mkdtempSync(path.join(tmpdir(), "nadi-loop-"));
  try {
    const image = path.join(folder, "disk.img");
    makeImage(image, "8M");
    const mount = ["mount", "-o", "loop", image, folder];
    execFileSync("unshare", ["-m", ...mount], { stdio: "pipe" });
    return null;
  } catch (error) {
    return `needs mkfs.ext4 and loop mounts: ${error instanceof Error ? error.message : "failed"}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function makeImage(image: string, size: string): void {
  rmSync(image, { force: true });
  run("truncate", "-s", size, image);
  run("mkfs.ext4", "-q", image);
}

/**
 * Mounts an image until the scope ends, or until it is unmounted. Nothing is written by the clock:
 * only what asks for it is on the disk, and a copy made while nobody writes is of one moment.
 */
export function mountImage(scope: Scope, image: string): { folder: string; unmount(): void } {
  const folder = `${image}.mnt`;
  mkdirSync(folder, { recursive: true });
  run("mount", "-o", "loop,commit=300", image, folder);
  let isMounted = true;
  const unmount = (): void => {
    if (!isMounted) return;
    isMounted = false;
    run("umount", folder);
  };
  scope.onTestFinished(unmount);
  return { folder, unmount };
}

/** What the disk holds now. Whoever writes must stand still. */
export function copyImage(image: string, copy: string): void {
  run("cp", "--sparse=always", image, copy);
}

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: ["ignore", "ignore", "pipe"] });
}
