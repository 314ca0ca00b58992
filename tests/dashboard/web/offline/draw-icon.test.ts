import { inflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { drawIcon } from "../../../../dashboard/web/offline/draw-icon.ts";

interface Picture {
  widthPx: number;
  heightPx: number;
  /** Red, green, blue, alpha. */
  at(x: number, y: number): number[];
}

/** Of the one kind that `drawIcon` writes: rows without a filter. */
function readPng(bytes: Uint8Array): Picture {
  const file = Buffer.from(bytes);
  expect(file.subarray(0, 8).toString("latin1")).toBe("\x89PNG\r\n\x1a\n");
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at);
    chunks.set(file.toString("latin1", at + 4, at + 8), file.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  const header = chunks.get("IHDR") ?? Buffer.alloc(0);
  const rows = inflateSync(chunks.get("IDAT") ?? Buffer.alloc(0));
  const widthPx = header.readUInt32BE(0);
  const heightPx = header.readUInt32BE(4);
  const rowBytes = 1 + widthPx * 4;
  expect(rows.length).toBe(heightPx * rowBytes);
  const at = (x: number, y: number) => [...rows.subarray(y * rowBytes + 1 + x * 4).subarray(0, 4)];
  return { widthPx, heightPx, at };
}

const indigo = [42, 72, 160, 255];

test("an icon is the pulse on indigo, with round corners", async () => {
  const icon = readPng(await drawIcon({ sizePx: 96, isMaskable: false }));
  expect([icon.widthPx, icon.heightPx]).toEqual([96, 96]);
  expect(icon.at(0, 0)[3]).toBe(0);
  expect(icon.at(48, 4)).toEqual(indigo);
  // On the line from (3.5, 12.5) to (8, 12.5) of 24 units.
  expect(icon.at(24, 50)).toEqual([255, 255, 255, 255]);
});

test("a maskable icon fills its square, and its mark stays within what every system keeps", async () => {
  const sizePx = 96;
  const icon = readPng(await drawIcon({ sizePx, isMaskable: true }));
  let farthest = 0;
  for (let y = 0; y < sizePx; y += 1) {
    for (let x = 0; x < sizePx; x += 1) {
      const [red = 0, , , alpha] = icon.at(x, y);
      expect(alpha).toBe(255);
      if (red > 42) farthest = Math.max(farthest, Math.hypot(x + 0.5 - 48, y + 0.5 - 48));
    }
  }
  expect(farthest).toBeGreaterThan(0);
  // The safe zone of a maskable icon: a circle of 40 % of its width.
  expect(farthest).toBeLessThanOrEqual(0.4 * sizePx);
});
