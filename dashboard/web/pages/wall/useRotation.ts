import { useEffect, useRef, useState } from "react";
import { type Board, noRotation, rotate, type Rotation, step } from "./boards.ts";

/** Which board stands now; the arrow keys of a keyboard or a remote control go on and back. */
export function useRotation(boards: readonly Board[], nowMs: number): Rotation {
  const [rotation, setRotation] = useState(noRotation);
  const next = rotate(rotation, boards, nowMs);
  if (next !== rotation) setRotation(next);
  const listed = useRef(boards);
  useEffect(() => {
    listed.current = boards;
  });
  useEffect(() => {
    const onKey = ({ key }: KeyboardEvent): void => {
      const by = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : null;
      if (by === null) return;
      setRotation((now) => step(now, listed.current, { by, nowMs: Date.now() }));
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  return next;
}
