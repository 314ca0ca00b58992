/** A check that has not answered by then counts as failed, so that `/readyz` always answers. */
export const readinessTimeoutMs = 2_000;

export interface ReadinessResult {
  ok: boolean;
  /** One sentence for the operator: what is in force, or what is wrong. */
  detail: string;
}

/** One named thing that must hold before work may be sent here. */
export interface ReadinessCheck {
  name: string;
  check(): ReadinessResult | Promise<ReadinessResult>;
}

export interface ReadinessReport {
  ok: boolean;
  checks: ({ name: string } & ReadinessResult)[];
}

/** Runs all checks beside each other; a check that throws or hangs is one that failed. */
export async function checkReadiness(
  checks: readonly ReadinessCheck[],
  timeoutMs: number = readinessTimeoutMs,
): Promise<ReadinessReport> {
  const results = await Promise.all(
    checks.map(async (check) => ({ name: check.name, ...(await runCheck(check, timeoutMs)) })),
  );
  return { ok: results.every((result) => result.ok), checks: results };
}

async function runCheck(check: ReadinessCheck, timeoutMs: number): Promise<ReadinessResult> {
  const late = Promise.withResolvers<ReadinessResult>();
  const timer = setTimeout(
    () => late.resolve({ ok: false, detail: `no answer within ${timeoutMs} ms` }),
    timeoutMs,
  );
  try {
    return await Promise.race([late.promise, check.check()]);
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}
