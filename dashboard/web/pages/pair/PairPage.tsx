import { useCallback } from "react";
import { encode } from "uqr";
import { Link } from "wouter";
import { pagePaths, pairingCodeLength } from "../../../contract/index.ts";
import { Brand } from "../../components/Icon.tsx";
import { useNow } from "../../design/clock.ts";
import { useWallTheme } from "../../design/theme.ts";
import { useFormat, useTexts, useWords } from "../../i18n/LanguageProvider.tsx";
import { wallTexts } from "../../i18n/wall.ts";
import type { Session } from "../../session/SessionProvider.tsx";
import { useWakeLock } from "../wall/useWakeLock.ts";
import styles from "./PairPage.module.css";
import { usePairing } from "./usePairing.ts";

/** What an unpaired screen shows: where to go with a phone, and the code to enter there. */
export function PairPage({ onPaired }: { onPaired: (session: Session) => void }) {
  useWallTheme();
  useWakeLock();
  const words = useWords();
  const texts = useTexts(wallTexts).pair;
  const pairing = usePairing(useCallback((session) => onPaired(session), [onPaired]));
  const address = `${window.location.host}${pagePaths.screens}`;
  return (
    <main className={styles["page"]}>
      <header>
        <Brand name={words.appName} />
        <h1>{texts.title}</h1>
      </header>
      <ol>
        {texts.steps(address).map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ol>
      <div className={styles["code"]} role="status">
        {pairing.state === "waiting" && <Code {...pairing} />}
        {pairing.state === "asking" && <p>{texts.getting}</p>}
        {pairing.state === "failed" && <p>{texts.failed}</p>}
      </div>
      <QrCode
        text={`${window.location.origin}${pagePaths.screens}${
          pairing.state === "waiting" ? `?code=${pairing.code}` : ""
        }`}
      />
      <footer>
        <Link href={pagePaths.overview}>{texts.signIn}</Link>
      </footer>
    </main>
  );
}

function Code({ code, expiresAtMs }: { code: string; expiresAtMs: number }) {
  const texts = useTexts(wallTexts).pair;
  const format = useFormat();
  const leftMs = Math.max(0, expiresAtMs - useNow());
  const half = pairingCodeLength / 2;
  return (
    <>
      <p className={styles["label"]}>{texts.enter}</p>
      <p className={styles["digits"]}>
        <span>{code.slice(0, half)}</span> <span>{code.slice(half)}</span>
      </p>
      {/* Not read aloud each second. */}
      <p className={styles["left"]} aria-live="off">
        {texts.expires(format.duration(leftMs))}
      </p>
    </>
  );
}

/** Dark on light, which every phone reads; the address stands beside it in letters. */
function QrCode({ text }: { text: string }) {
  const texts = useTexts(wallTexts).pair;
  const { data, size } = encode(text, { ecc: "M", border: 3 });
  const path = data
    .flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")))
    .join("");
  return (
    <svg className={styles["qr"]} viewBox={`0 0 ${size} ${size}`} role="img" aria-label={texts.qr}>
      <rect width={size} height={size} />
      <path d={path} shapeRendering="crispEdges" />
    </svg>
  );
}
