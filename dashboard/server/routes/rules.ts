import { findRuleFaults, ruleSchema } from "../../../ingest/index.ts";
import { flushOrGiveUp } from "../ingest-flush.ts";
import { etagOf, expectedVersionOf, staleByHeader } from "../versions.ts";
import { type Api, route } from "./route.ts";
import { refuseInput } from "./series.ts";

const previewMs = 86_400_000;
/** A rule that is changed each week shows a year. */
const versionsMax = 50;

export function registerRuleRoutes(api: Api): void {
  registerRuleBook(api);
  registerPreview(api);
}

/** Reads and folds in a thread of its own, and changes nothing. */
function registerPreview(api: Api): void {
  const { services, heavyReads, clock } = api;
  route(api, "previewRule", async ({ kitchen, body, session, request, reply }) => {
    const { sppgId } = kitchen;
    const rule = ruleSchema.parse(body.rule);
    const faults = findRuleFaults(rule);
    if (faults.length > 0) {
      const issues = faults.map(({ path, message }) => ({ path: `body.rule.${path}`, message }));
      return refuseInput(reply, issues);
    }
    const end = heavyReads.begin(session.sessionId, "preview");
    try {
      const isDegraded = await flushOrGiveUp(services.ingest, {
        sppgId: kitchen.sppgId,
        log: request.log,
      });
      const rules = await services.desk.listRules(sppgId);
      const devices = [...(await api.kitchens.devices(sppgId))];
      const toMs = clock.wallMs();
      const range = { fromMs: toMs - previewMs, toMs };
      const found = await services.history.preview({ sppgId, rule, rules, devices, ...range });
      const { fromMs, isPartial, firings } = found;
      const period = { fromMs, toMs: found.toMs, isPartial, isDegraded };
      return { ...period, firings, devices: found.devices };
    } finally {
      end();
    }
  });
}

function registerRuleBook(api: Api): void {
  const { desk } = api.services;
  route(api, "listRules", async ({ kitchen }) => {
    const rules = await desk.listRules(kitchen.sppgId);
    return { rules };
  });
  route(api, "listRuleVersions", async ({ kitchen, params }) => {
    const asked = { sppgId: kitchen.sppgId, key: params.key, limit: versionsMax };
    const versions = await desk.listRuleVersions(asked);
    return {
      versions: versions.map((version) => ({
        ...version,
        changedBy: version.changedBy?.replace(/^user:/, "") ?? null,
      })),
    };
  });
  route(api, "putRule", async ({ kitchen, params, body, session, request, reply }) => {
    if (body.rule.key !== params.key) {
      const message = `must be ${params.key}, as the address says`;
      return refuseInput(reply, [{ path: "body.rule.key", message }]);
    }
    const expectedVersion = expectedVersionOf(request, body.expectedVersion);
    // The contract's copy has passed it; ingest's own schema is what the monitor trusts.
    const rule = ruleSchema.parse(body.rule);
    const input = { sppgId: kitchen.sppgId, rule, isEnabled: body.isEnabled, expectedVersion };
    try {
      const saved = await desk.putRule(input, `user:${session.userId}`, request.ip);
      reply.header("etag", etagOf(saved.version));
      return saved;
    } catch (error) {
      throw staleByHeader(request, error);
    }
  });
}
