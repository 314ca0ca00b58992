import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Scope } from "./nadi-process.ts";
import { fixedPort } from "./nadi-process.ts";

/** A real VictoriaMetrics, which takes writes as InfluxDB 2 does; it keeps ms, not ns. */
export interface VictoriaMetrics {
  readonly url: string;
  /** Every sample of a kitchen, ordered by name and time. */
  exported(sppgId: string): Promise<[name: string, ms: number, value: number][]>;
}

const answerMsMax = 20_000;

export async function startVictoriaMetrics(scope: Scope): Promise<VictoriaMetrics> {
  const folder = await mkdtemp(path.join(tmpdir(), "nadi-victoria-"));
  const port = await fixedPort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(
    "victoria-metrics",
    [
      `-storageDataPath=${path.join(folder, "data")}`,
      `-httpListenAddr=127.0.0.1:${port}`,
      "-retentionPeriod=100y",
    ],
    { stdio: "ignore" },
  );
  const exited = once(child, "exit");
  scope.onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
    await rm(folder, { recursive: true, force: true });
  });
  await untilHealthy(url);
  return {
    url,
    async exported(sppgId) {
      // What was just written can be searched only after that.
      await fetch(`${url}/internal/force_flush`);
      const match = new URLSearchParams({ "match[]": `{sppgId="${sppgId}"}` }).toString();
      const answer = await (await fetch(`${url}/api/v1/export?${match}`)).text();
      const samples = answer.split("\n").flatMap((line) => {
        if (line === "") return [];
        // A line a series, as its documentation says.
        const { metric, values, timestamps } = JSON.parse(line) as {
          metric: Record<string, string>;
          values: number[];
          timestamps: number[];
        };
        return values.map(
          (value, at) =>
            [metric["__name__"] ?? "", timestamps[at] ?? 0, value] as [string, number, number],
        );
      });
      return samples.toSorted((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] - b[1]));
    },
  };
}

async function untilHealthy(url: string): Promise<void> {
  const untilMs = performance.now() + answerMsMax;
  while (performance.now() < untilMs) {
    try {
      if ((await fetch(`${url}/health`, { signal: AbortSignal.timeout(1_000) })).ok) return;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`victoria-metrics did not answer within ${answerMsMax} ms.`);
}
