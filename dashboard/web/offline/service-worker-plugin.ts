import type { Plugin } from "vite";
import { drawIcon, type IconLook } from "./draw-icon.ts";

/**
 * What the first screen does not need and is larger (the map, MQTT) is stored when it is first
 * used: a phone pays for its data.
 */
const storedBytesMax = 200 * 1024;
/** Of `public/`, which Vite copies as it is. */
const publicFiles = ["/theme.js", "/icon.svg", "/manifest.webmanifest"];

const icons: Readonly<Record<string, IconLook>> = {
  "icons/icon-192.png": { sizePx: 192, isMaskable: false },
  "icons/icon-512.png": { sizePx: 512, isMaskable: false },
  "icons/maskable-512.png": { sizePx: 512, isMaskable: true },
  "icons/apple-touch-180.png": { sizePx: 180, isMaskable: true },
};

/** Hands the service worker the list of files that make the page, and draws the icons. */
export function serviceWorker(): Plugin {
  return {
    name: "nadi-service-worker",
    apply: "build",
    buildStart() {
      const id = `${import.meta.dirname}/service-worker.js`;
      this.emitFile({ type: "chunk", id, fileName: "sw.js" });
    },
    async generateBundle(_options, bundle) {
      for (const [fileName, look] of Object.entries(icons)) {
        this.emitFile({ type: "asset", fileName, source: await drawIcon(look) });
      }
      const first = listFirst(bundle);
      const stored = Object.values(bundle)
        .filter(({ fileName }) => fileName.startsWith("assets/"))
        .filter((file) => first.has(file.fileName) || bytesOf(file) <= storedBytesMax)
        .map(({ fileName }) => `/${fileName}`)
        .toSorted();
      const worker = bundle["sw.js"];
      if (worker?.type !== "chunk") throw new Error("the service worker was not built");
      const files = ["/", "/icons/icon-192.png", ...publicFiles, ...stored];
      // Every file below `assets/` has a hash in its name: other content is another version.
      const version = await shortHash(Object.keys(bundle).toSorted().join());
      worker.code = worker.code
        .replace(/(["`'])__VERSION__\1/, JSON.stringify(version))
        .replace(/(["`'])__FILES__\1/, files.map((file) => JSON.stringify(file)).join());
      if (/__(?:VERSION|FILES)__/.test(worker.code)) throw new Error("sw.js has no place for them");
    },
  };
}

type Bundle = Parameters<Extract<Plugin["generateBundle"], (...args: never[]) => unknown>>[1];

/** The page's entry and all that it imports at once. */
function listFirst(bundle: Bundle): ReadonlySet<string> {
  const entries = Object.values(bundle).filter(
    (file) => file.type === "chunk" && file.isEntry && file.fileName.startsWith("assets/"),
  );
  const found = new Set(entries.map(({ fileName }) => fileName));
  // A set's iteration also visits what is added meanwhile.
  for (const name of found) {
    const file = bundle[name];
    if (file?.type === "chunk") for (const imported of file.imports) found.add(imported);
  }
  return found;
}

function bytesOf(file: Bundle[string]): number {
  return file.type === "chunk" ? file.code.length : file.source.length;
}

async function shortHash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest).slice(0, 6)]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
