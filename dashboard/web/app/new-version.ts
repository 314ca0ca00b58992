/**
 * Whether the server has another version of the page than the one that runs. Each version's entry
 * script has a name of its own, so the page that the server answers with tells it; this works with
 * and without a service worker, which leaves requests that are no navigation to the network.
 */
export async function entryChanged(): Promise<"same" | "changed" | "unreachable"> {
  try {
    const answer = await fetch("/", { cache: "no-cache", signal: AbortSignal.timeout(10_000) });
    if (!answer.ok) return "unreachable";
    const html = await answer.text();
    const scripts = [...document.querySelectorAll<HTMLScriptElement>("script[type=module][src]")];
    const own = scripts.map((script) => new URL(script.src).pathname);
    // A page that is none of ours, e.g. of a captive portal, says nothing about ours.
    if (!html.includes('id="root"')) return "unreachable";
    return own.some((path) => html.includes(`"${path}"`)) ? "same" : "changed";
  } catch {
    // No network, or too slow: asked again later.
    return "unreachable";
  }
}
