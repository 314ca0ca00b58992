/** Where a real server of a test listens and runs: by default on loopback, beside the test. */
export interface ServerPlace {
  host: string;
  /** Words that start it somewhere else, e.g. `["nsenter", "--net=/proc/7/ns/net"]`. */
  enter: readonly string[];
}

export const besideTest: ServerPlace = { host: "127.0.0.1", enter: [] };

/** The program and its words, at that place. */
export function wordsAt(
  { enter }: ServerPlace,
  program: string,
  args: readonly string[],
): [string, string[]] {
  const [first = "", ...rest] = [...enter, program, ...args];
  return [first, rest];
}
