import { useEffect } from "react";

/**
 * Keeps the screen on while the page is seen. Browsers know it in secure contexts only, and take it
 * back whenever the page is hidden; on a battery that runs low they refuse, and the wall goes on.
 */
export function useWakeLock(): void {
  useEffect(() => {
    if (!("wakeLock" in navigator)) return undefined;
    let isOver = false;
    let lock: WakeLockSentinel | null = null;
    const take = async (): Promise<void> => {
      if (document.visibilityState !== "visible" || (lock !== null && !lock.released)) return;
      try {
        const taken = await navigator.wakeLock.request("screen");
        if (isOver) await taken.release();
        else lock = taken;
      } catch (error) {
        // Refused by the device: said where somebody who sets a screen up looks.
        console.info("the screen may go dark: no wake lock", error);
      }
    };
    const onVisible = (): void => void take();
    document.addEventListener("visibilitychange", onVisible);
    void take();
    return () => {
      isOver = true;
      document.removeEventListener("visibilitychange", onVisible);
      void lock?.release();
    };
  }, []);
}
