import type { ServeParts } from "./serve-parts.ts";
import { StopStack } from "./stop-stack.ts";

type Start<Part> = (parts: ServeParts) => Promise<Part>;

/**
 * Starts two parts at the same time and answers both; they stop in the order given. When one of
 * them fails while the other is still starting, unwinding `parts.stack` stops what that one has
 * started, waits until it has noticed, and stops what it started until then.
 */
export async function startBeside<First, Second>(
  parts: ServeParts,
  first: Start<First>,
  second: Start<Second>,
): Promise<[First, Second]> {
  const stacks = [new StopStack(), new StopStack()] as const;
  const starting = [
    first({ ...parts, stack: stacks[0] }),
    second({ ...parts, stack: stacks[1] }),
  ] as const;
  const unwindBoth = async (): Promise<void> => {
    const both = new StopStack();
    both.push(() => stacks[1].unwind());
    both.push(() => stacks[0].unwind());
    await both.unwind();
  };
  parts.stack.push(unwindBoth);
  parts.stack.push(async () => void (await Promise.allSettled(starting)));
  parts.stack.push(unwindBoth);
  return await Promise.all(starting);
}
