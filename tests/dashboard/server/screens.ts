import { type Client, cookieOf, createClient, type KitchenApi } from "./kitchen-api.ts";

export interface Pairing {
  secret: string;
  code: string;
  expiresAtMs: number;
}

/** What an unpaired screen does first. */
export async function openPairing(made: KitchenApi): Promise<Pairing> {
  const answer = await made.post("/api/pairings", {});
  if (answer.statusCode !== 200) throw new Error(answer.body);
  return answer.json<Pairing>();
}

/** A person enters the code. */
export function enterCode(
  person: Pick<Client, "send">,
  { code, sppgId, name = "Dinding barat" }: { code: string; sppgId: string; name?: string },
) {
  const url = `/api/kitchens/${sppgId}/screens`;
  return person.send("POST", url, { body: { code, name } });
}

/** What the screen asks every few seconds. */
export function collect(made: KitchenApi, secret: string, headers: Record<string, string> = {}) {
  return made.post("/api/pairings/collect", { secret }, headers);
}

/** From the first code to the screen's own session. */
export async function pairScreen(
  made: KitchenApi,
  person: Pick<Client, "send">,
  { sppgId }: { sppgId: string },
) {
  const { code, secret } = await openPairing(made);
  const entered = await enterCode(person, { code, sppgId });
  if (entered.statusCode !== 200) throw new Error(entered.body);
  const collected = await collect(made, secret);
  return createClient(made.server, cookieOf(collected));
}
