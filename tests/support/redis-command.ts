/** A command as clients send it, and as Redis writes it into its append-only file. */
export interface RedisCommand {
  /** In upper case. */
  name: string;
  /** With the name; views of the bytes. */
  words: readonly Buffer[];
  start: number;
  end: number;
}

/** The command that begins there; `null`: its bytes are not whole, or none of a command. */
export function commandAt(bytes: Buffer, start: number): RedisCommand | null {
  const head = lineAt(bytes, start);
  if (head === null || !/^\*\d+$/.test(head.text)) return null;
  const words: Buffer[] = [];
  let at = head.end;
  for (let left = Number(head.text.slice(1)); left > 0; left--) {
    const size = lineAt(bytes, at);
    if (size === null || !/^\$\d+$/.test(size.text)) return null;
    const end = size.end + Number(size.text.slice(1));
    if (end + 2 > bytes.length) return null;
    words.push(bytes.subarray(size.end, end));
    at = end + 2;
  }
  const name = words[0]?.toString("latin1").toUpperCase() ?? "";
  return { name, words, start, end: at };
}

/** One behind the other, as far as they are whole. */
export function commandsIn(bytes: Buffer, start = 0): RedisCommand[] {
  const commands: RedisCommand[] = [];
  let command = commandAt(bytes, start);
  while (command !== null) {
    commands.push(command);
    command = commandAt(bytes, command.end);
  }
  return commands;
}

function lineAt(bytes: Buffer, at: number): { text: string; end: number } | null {
  const end = bytes.indexOf("\r\n", at);
  return end === -1 ? null : { text: bytes.toString("latin1", at, end), end: end + 2 };
}
