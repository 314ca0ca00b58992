import type { IncomingHttpHeaders } from "node:http";
import type { Logger } from "pino";
import { ActionLimits } from "./action-limits.ts";
import type { HttpServer } from "./app.ts";
import type { HttpConfig } from "./config.ts";
import { docsPolicy, renderDocs } from "./docs-page.ts";
import { HeavyReads } from "./heavy-reads.ts";
import { KitchenDirectory } from "./kitchen-directory.ts";
import { createOpenApi } from "./openapi.ts";
import { createSessionCookie, type SessionCookie } from "./people/cookie.ts";
import { Sessions } from "./people/sessions.ts";
import { RefusalNotes } from "./refusal-notes.ts";
import { isAllowedOrigin, type RequestPlace } from "./request-guard.ts";
import { registerAlertRoutes } from "./routes/alerts.ts";
import { registerAuditRoutes } from "./routes/audit.ts";
import { registerDeadLetterRoutes } from "./routes/dead-letters.ts";
import { registerCommandRoutes } from "./routes/commands.ts";
import { registerDeviceRoutes } from "./routes/devices.ts";
import { registerEverySessionRoutes } from "./routes/every-session.ts";
import { registerHistoryRoutes } from "./routes/history.ts";
import { registerKitchenChangeRoutes } from "./routes/kitchen-changes.ts";
import { registerKitchenRoutes } from "./routes/kitchens.ts";
import { registerPeopleRoutes } from "./routes/people.ts";
import type { Api } from "./routes/route.ts";
import { registerMapRoutes } from "./routes/map.ts";
import { registerRuleRoutes } from "./routes/rules.ts";
import { registerScreenRoutes } from "./routes/screens.ts";
import { registerSessionRoutes } from "./routes/session.ts";
import type { DashboardServices } from "./services.ts";

export interface ApiOptions {
  config: HttpConfig;
  log: Logger;
  clock?: Api["clock"];
}

/** What the WebSocket needs of the API: who asks, and whether from one of our own pages. */
export interface RegisteredApi {
  sessions: Sessions;
  isAllowedOrigin(request: RequestPlace): boolean;
  /** A line of the audit log for a refused upgrade: one a minute for each address and reason. */
  noteRefusedUpgrade(request: { ip: string; headers: IncomingHttpHeaders }, because: string): void;
}

/** An origin is a scheme, a host and a port; what is longer is told in part. */
const originCharactersMax = 300;

const systemClock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };

/** Registers every route of the contract; before `start`. It ends with the server. */
export function registerApi(
  server: HttpServer,
  services: DashboardServices,
  options: ApiOptions,
): RegisteredApi {
  const { config, log, clock = systemClock } = options;
  const cookie = createSessionCookie(config);
  const sessions = new Sessions({
    people: services.people,
    changes: services.changes,
    cookie,
    log: log.child({ component: "sessions" }),
    monotonicMs: () => clock.monotonicMs(),
  });
  const kitchens = new KitchenDirectory(services);
  const heavyReads = new HeavyReads();
  const refusals = new RefusalNotes(() => clock.monotonicMs());
  const parts = { kitchens, heavyReads, refusals, clock };
  const api: Api = { server, services, config, sessions, ...parts };
  // What is no JSON is 415, also before it is read.
  server.removeContentTypeParser("text/plain");
  registerSessionRoutes(api, cookie);
  registerScreenRoutes(api, cookie);
  registerPeopleRoutes(api);
  registerEverySessionRoutes(api);
  registerAuditRoutes(api);
  registerKitchenRoutes(api);
  const actions = new ActionLimits(() => clock.monotonicMs());
  registerDeviceRoutes(api, actions);
  registerCommandRoutes(api, actions);
  registerKitchenChangeRoutes(api);
  registerHistoryRoutes(api);
  registerMapRoutes(api);
  registerRuleRoutes(api);
  registerAlertRoutes(api);
  registerDeadLetterRoutes(api);
  registerDocs(server, cookie);
  sessions.start();
  server.addHook("onClose", async () => {
    sessions.stop();
    kitchens.stop();
  });
  return {
    sessions,
    isAllowedOrigin: (request) => isAllowedOrigin(request, config),
    noteRefusedUpgrade: (request, because) => noteRefusedUpgrade(api, request, because),
  };
}

function noteRefusedUpgrade(
  { refusals, services, clock }: Api,
  { ip, headers }: { ip: string; headers: IncomingHttpHeaders },
  because: string,
): void {
  if (!refusals.isWorth(ip, `mqtt ${because}`)) return;
  services.audit.write({
    atMs: clock.wallMs(),
    // The cookie was not looked at, or is nobody's.
    actor: "anonymous",
    action: "mqtt.upgrade",
    sppgId: null,
    subject: null,
    address: ip,
    outcome: "refused",
    detail: { because, origin: headers.origin?.slice(0, originCharactersMax) ?? null },
  });
}

/** Made when somebody first asks: 80 ms that no start has to wait for. */
function registerDocs(server: HttpServer, cookie: SessionCookie): void {
  let made: { text: string; page: string } | null = null;
  const make = () => {
    const document = createOpenApi(cookie);
    return { text: JSON.stringify(document), page: renderDocs(document) };
  };
  server.get("/api/openapi.json", (_request, reply) => {
    made ??= make();
    return reply.type("application/json; charset=utf-8").send(made.text);
  });
  server.get("/api/docs", (_request, reply) => {
    made ??= make();
    return reply
      .header("content-security-policy", docsPolicy)
      .type("text/html; charset=utf-8")
      .send(made.page);
  });
}
