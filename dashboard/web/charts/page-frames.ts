import { FrameLoop } from "./frame-loop.ts";

/** The page's own. */
export const pageFrames = new FrameLoop({
  requestFrame: (callback) => requestAnimationFrame(callback),
  cancelFrame: (handle) => cancelAnimationFrame(handle),
});
