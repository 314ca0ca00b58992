/** Only of a built page, in a secure context; without one the page needs its network. */
export function registerServiceWorker(): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  window.addEventListener("load", () => {
    navigator.serviceWorker.register("/sw.js").catch((error: unknown) => {
      // Private windows and full disks refuse it: all but working offline goes on.
      console.warn("the page will not open without a network", error);
    });
  });
}

/** Asks the worker to drop what it has stored of a person, also what is on its way. */
export function tellWorkerToForget(): void {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.controller?.postMessage("forget");
}
