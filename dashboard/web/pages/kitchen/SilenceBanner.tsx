import { sayTime } from "../../app/say-time.ts";
import { Banner } from "../../components/Notice.tsx";
import { useNow } from "../../design/clock.ts";
import { kitchenTexts } from "../../i18n/kitchen.ts";
import { useFormat, useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import type { Kitchen } from "../../realtime/kitchen-state.ts";
import { unitOf } from "./ProbeTile.tsx";
import { sensorName } from "./sensor-name.ts";
import type { JudgedSensor } from "./useKitchenSensors.ts";

/** One banner for all that is silent: the widest cause that explains it. */
export function SilenceBanner(props: { kitchen: Kitchen; judged: readonly JudgedSensor[] }) {
  const { kitchen, judged } = props;
  const texts = useTexts(kitchenTexts);
  const words = useWords();
  const format = useFormat();
  const nowMs = useNow();
  const silent = judged.filter(isSilent);
  const [first] = silent;
  if (first === undefined) return null;
  const gateway = silentGateway(judged);
  if (gateway !== null) {
    const since = sayTime(format, gateway.sinceMs, kitchen.timeZone);
    const text = texts.gatewaySilent(since, format.number(gateway.count));
    return <Banner tone="silent">{text}</Banner>;
  }
  if (silent.length > 1) {
    return <Banner tone="silent">{texts.silentMany(format.number(silent.length))}</Banner>;
  }
  const { sensor, state } = first;
  const age = format.duration(nowMs - (sensor.values?.receivedTimeMs ?? nowMs));
  const value = state.value === null ? words.unknown : format.measure(state.value, unitOf(sensor));
  const name = sensorName(sensor, words, texts);
  return <Banner tone="silent">{texts.silentOne(name, age, value)}</Banner>;
}

function isSilent({ state, sensor }: JudgedSensor): boolean {
  return state.severity === "silent" && sensor.values !== null;
}

/** All that were ever heard behind it are silent. One sensor alone is that sensor's trouble. */
function silentGateway(judged: readonly JudgedSensor[]): { sinceMs: number; count: number } | null {
  const groups = Map.groupBy(judged, ({ sensor }) => sensor.gatewayId);
  for (const [gatewayId, behind] of groups) {
    const heard = behind.filter(({ sensor }) => sensor.values !== null);
    if (gatewayId === null || heard.length < 2 || !heard.every(isSilent)) continue;
    const sinceMs = Math.max(...heard.map(({ sensor }) => sensor.values?.receivedTimeMs ?? 0));
    return { sinceMs, count: behind.length };
  }
  return null;
}
