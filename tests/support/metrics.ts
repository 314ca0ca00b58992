/** One value of `/metrics`, which is open to this machine itself. */
export async function readMetric(httpUrl: string, name: string): Promise<number> {
  const text = await (await fetch(`${httpUrl}/metrics`)).text();
  const line = text.split("\n").find((one) => one.startsWith(`${name} `));
  if (line === undefined) throw new Error(`/metrics has no ${name}`);
  return Number(line.slice(name.length + 1));
}

/** Ours that are not what their names say: counters end with `_total`, and nothing else does. */
export function wronglyTyped(text: string): string[] {
  const types = [...text.matchAll(/^# TYPE (nadi_\w+) (\w+)$/gm)];
  if (types.length === 0) throw new Error("there is none of ours");
  return types.flatMap(([, name = "", type = ""]) =>
    name.endsWith("_total") === (type === "counter") ? [] : [`${name} is a ${type}`],
  );
}
