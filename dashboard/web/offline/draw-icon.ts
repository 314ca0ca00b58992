/** The mark of Nadi, a pulse on indigo, as PNG: for systems that take no SVG. */

const indigo = [42, 72, 160];
const white = [255, 255, 255];
/** The same points as in `public/icon.svg`, in its 24 units. */
const pulse = [
  [3.5, 12.5],
  [8, 12.5],
  [10, 7],
  [13.5, 17.5],
  [15.5, 12.5],
  [20.5, 12.5],
] as const;
const strokeRadius = 1;
const cornerRadius = 6;
/** A maskable icon is cut to a circle or a squircle: what matters stays in the middle 80 %. */
const maskableScale = 0.72;

export interface IconLook {
  sizePx: number;
  /** Fills the whole square, because the system cuts its own shape out of it. */
  isMaskable: boolean;
}

/** @returns a PNG file [ISO/IEC 15948], 8 bits a channel with alpha. */
export async function drawIcon({ sizePx, isMaskable }: IconLook): Promise<Uint8Array> {
  const rowBytes = 1 + sizePx * 4;
  const rows = new Uint8Array(sizePx * rowBytes);
  for (let y = 0; y < sizePx; y += 1) {
    for (let x = 0; x < sizePx; x += 1) {
      rows.set(pixelAt(x, y, { sizePx, isMaskable }), y * rowBytes + 1 + x * 4);
    }
  }
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, sizePx);
  header.setUint32(4, sizePx);
  // 8 bits, truecolour with alpha.
  header.setUint8(8, 8);
  header.setUint8(9, 6);
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  const parts = [
    signature,
    chunk("IHDR", new Uint8Array(header.buffer)),
    chunk("IDAT", await deflate(rows)),
    chunk("IEND", new Uint8Array()),
  ];
  return join(parts);
}

/** Each edge is as wide as a pixel: how much of it is covered follows from the distance alone. */
function pixelAt(x: number, y: number, { sizePx, isMaskable }: IconLook): Uint8Array {
  const unitPx = sizePx / 24;
  const u = (x + 0.5) / unitPx;
  const v = (y + 0.5) / unitPx;
  const scale = isMaskable ? maskableScale : 1;
  const mark = distanceToPulse(12 + (u - 12) / scale, 12 + (v - 12) / scale) - strokeRadius;
  const inMark = cover(mark * scale * unitPx);
  const inPlate = isMaskable ? 1 : cover(distanceToPlate(u, v) * unitPx);
  const colour = indigo.map((part, at) => part + ((white[at] ?? part) - part) * inMark);
  return Uint8Array.from([...colour, 255 * inPlate], Math.round);
}

function cover(distancePx: number): number {
  return Math.min(1, Math.max(0, 0.5 - distancePx));
}

function distanceToPlate(u: number, v: number): number {
  const inner = 12 - cornerRadius;
  const du = Math.max(0, Math.abs(u - 12) - inner);
  const dv = Math.max(0, Math.abs(v - 12) - inner);
  return Math.hypot(du, dv) - cornerRadius;
}

function distanceToPulse(u: number, v: number): number {
  let nearest = Number.POSITIVE_INFINITY;
  for (const [at, [bu, bv]] of pulse.entries()) {
    const [au, av] = pulse[at - 1] ?? [bu, bv];
    const length2 = (bu - au) ** 2 + (bv - av) ** 2;
    const along = length2 === 0 ? 0 : ((u - au) * (bu - au) + (v - av) * (bv - av)) / length2;
    const t = Math.min(1, Math.max(0, along));
    nearest = Math.min(nearest, Math.hypot(u - au - t * (bu - au), v - av - t * (bv - av)));
  }
  return nearest;
}

function chunk(name: string, body: Uint8Array): Uint8Array {
  const typed = join([new TextEncoder().encode(name), body]);
  const made = new DataView(new ArrayBuffer(typed.length + 8));
  made.setUint32(0, body.length);
  new Uint8Array(made.buffer).set(typed, 4);
  made.setUint32(typed.length + 4, crc32(typed));
  return new Uint8Array(made.buffer);
}

/** ISO 3309, as PNG has it in its annex D. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0);
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}

async function deflate(bytes: Uint8Array): Promise<Uint8Array> {
  // A copy, because a stream takes no view of what may be shared memory.
  const stream = new Blob([bytes.slice()]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
