import { crc32, deflateSync } from "node:zlib";

/** The number of a bit pattern of Protocol Buffers, and of PMTiles: seven bits a byte. */
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

/** A field that has a length: text, bytes, or a message of its own. */
function field(number: number, content: readonly number[] | string): number[] {
  const bytes = typeof content === "string" ? [...Buffer.from(content)] : content;
  return [...varint(number * 8 + 2), ...varint(bytes.length), ...bytes];
}

const tileExtent = 4_096;
const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);

/** A vector tile (MVT 2.1) whose layer `earth` covers all of it. */
function earthTile(): number[] {
  const [moveOnce, lineThrice, close] = [9, 26, 15];
  const steps = [tileExtent, 0, 0, tileExtent, -tileExtent, 0].map(zigzag);
  const geometry = [moveOnce, 0, 0, lineThrice, ...steps, close].flatMap(varint);
  const polygon = [...varint(3 * 8), 3, ...field(4, geometry)];
  const extent = [...varint(5 * 8), ...varint(tileExtent)];
  const version = [...varint(15 * 8), 2];
  return field(3, [...field(1, "earth"), ...field(2, polygon), ...extent, ...version]);
}

/** A whole PMTiles file, version 3, of one tile that is the world: all of it is land. */
export function makePmtiles(tileType = 1): Buffer {
  const tile = Buffer.from(earthTile());
  const metadata = Buffer.from(JSON.stringify({ vector_layers: [{ id: "earth", fields: {} }] }));
  // One entry: tile 0, for one tile, of this length, at the start.
  const directory = Buffer.from([1, 0, 1, ...varint(tile.length), 1]);
  const header = Buffer.alloc(127);
  header.write("PMTiles", 0, "latin1");
  header[7] = 3;
  const places = [
    [8, header.length, directory.length],
    [24, header.length + directory.length, metadata.length],
    [40, header.length + directory.length + metadata.length, 0],
    [56, header.length + directory.length + metadata.length, tile.length],
  ] as const;
  for (const [at, offset, length] of places) {
    header.writeBigUInt64LE(BigInt(offset), at);
    header.writeBigUInt64LE(BigInt(length), at + 8);
  }
  for (const at of [72, 80, 88]) header.writeBigUInt64LE(1n, at);
  const [isClustered, uncompressed] = [1, 1];
  header.set([isClustered, uncompressed, uncompressed, tileType, 0, 0], 96);
  for (const [at, degrees] of [
    [102, -180],
    [106, -85],
    [110, 180],
    [114, 85],
  ] as const) {
    header.writeInt32LE(degrees * 1e7, at);
  }
  return Buffer.concat([header, directory, metadata, tile]);
}

/** A square picture of one colour. */
export function makePng(side: number, [red, green, blue]: readonly number[]): Buffer {
  const row = [0, ...Array.from({ length: side }, () => [red ?? 0, green ?? 0, blue ?? 0]).flat()];
  const pixels = Buffer.from(Array.from({ length: side }, () => row).flat());
  const size = Buffer.alloc(13);
  size.writeUInt32BE(side, 0);
  size.writeUInt32BE(side, 4);
  // Eight bits each of red, green and blue.
  size.set([8, 2], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const parts = [chunk("IHDR", size), chunk("IDAT", deflateSync(pixels))];
  return Buffer.concat([signature, ...parts, chunk("IEND", Buffer.alloc(0))]);
}

function chunk(name: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, "latin1"), content]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
