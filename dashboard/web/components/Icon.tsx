import type { ReactNode } from "react";
import styles from "./Icon.module.css";

/** An icon beside a word that says the same; it is never alone. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className={styles["icon"]} viewBox="0 0 24 24" aria-hidden="true">
      {icons[name]}
    </svg>
  );
}

export function Brand({ name }: { name: string }) {
  return (
    <span className={styles["brand"]}>
      <svg viewBox="0 0 28 28" aria-hidden="true">
        <path className={styles["plate"]} d="M4 9.5a11.5 11.5 0 1 1 0 9" />
        <path d="M1.5 14h7l2.6-5.2 4.4 10.2 2.7-5h3.3" />
      </svg>
      {name}
    </span>
  );
}

export type IconName =
  | "overview"
  | "kitchen"
  | "fleet"
  | "stock"
  | "alerts"
  | "devices"
  | "chevron"
  | "download"
  | "lock"
  | "offline"
  | "menu"
  | "leave"
  | "sound"
  | "muted"
  | "wall"
  | "account"
  | "admin";

const pot = [
  "M5 10.5h14v6a4 4 0 0 1-4 4H9a4 4 0 0 1-4-4zM2.5 10.5h19",
  "M8.5 3.2c-1 1.2 1 2 0 3.4M12.2 3.2c-1 1.2 1 2 0 3.4M15.9 3.2c-1 1.2 1 2 0 3.4",
];
const crossedWaves = [
  "M3 3l18 18M8.5 14.7a5 5 0 0 1 6.6-.3M5 11.2a10 10 0 0 1 4.3-2.4",
  "M13.5 8.4a10 10 0 0 1 5.5 2.8M12 18.5h.01",
];

const icons: Readonly<Record<IconName, ReactNode>> = {
  overview: (
    <>
      <rect x="3" y="3.5" width="8" height="9" rx="2" />
      <rect x="13" y="3.5" width="8" height="5" rx="2" />
      <rect x="13" y="11.5" width="8" height="9" rx="2" />
      <rect x="3" y="15.5" width="8" height="5" rx="2" />
    </>
  ),
  kitchen: <path d={pot.join("")} />,
  fleet: (
    <>
      <path d="M5 16.5H2.5v-10H14v10H9M14 9.8h4l3.5 3.4v3.3h-2.2M14 16.5h1.3" />
      <circle cx="7" cy="17.5" r="2" />
      <circle cx="17.3" cy="17.5" r="2" />
    </>
  ),
  stock: <path d="M4 20.5h16l-1.5-9.5h-13zM3.5 6h17M12 6v5M9.3 16.3a3 3 0 0 1 5.4 0" />,
  alerts: <path d="M6 16.5V11a6 6 0 0 1 12 0v5.5l1.7 1.8H4.3zM10 21h4" />,
  devices: (
    <>
      <rect x="7.5" y="7.5" width="9" height="9" rx="2" />
      <path d="M10 3.5v4M14 3.5v4M10 16.5v4M14 16.5v4M3.5 10h4M3.5 14h4M16.5 10h4M16.5 14h4" />
    </>
  ),
  chevron: <path d="m8 10 4 4 4-4" />,
  download: <path d="M12 4v11m-4.5-4.5L12 15l4.5-4.5M5 20h14" />,
  lock: (
    <>
      <rect x="5" y="10.5" width="14" height="10" rx="2" />
      <path d="M8.5 10.5V7.5a3.5 3.5 0 0 1 7 0v3" />
    </>
  ),
  offline: <path d={crossedWaves.join("")} />,
  menu: <path d="M4 7h16M4 12h16M4 17h16" />,
  sound: (
    <path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11" />
  ),
  muted: <path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM16 9.5l5 5M21 9.5l-5 5" />,
  wall: <path d="M3 5h18v11H3zM12 16v3.5M8 19.5h8" />,
  account: (
    <>
      <circle cx="12" cy="8" r="4" />
      <path d="M4.5 20.5a7.5 7.5 0 0 1 15 0" />
    </>
  ),
  admin: (
    <>
      <circle cx="8.5" cy="8" r="3.5" />
      <path d="M2.5 19.5a6 6 0 0 1 12 0M15 5a3.5 3.5 0 0 1 0 6.5M17.5 14.5a6 6 0 0 1 4 5" />
    </>
  ),
  leave: <path d="M10 4H6a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h4M14 8l4 4-4 4M18 12H9" />,
};
