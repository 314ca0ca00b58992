import { readFileSync } from "node:fs";
import { ConfigError } from "./environment.ts";

/** The file that a variable names. Throws a `ConfigError` that says which variable that is. */
export function readConfiguredFile(variable: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const because = code === "ENOENT" ? "is not there" : "can't be read";
    throw new ConfigError([`${variable} names ${file}, which ${because} (${code})`], error);
  }
}

/** What a listener was told, and by which variables. */
export interface ConfiguredListener {
  host: string;
  port: number;
  hostVariable: string;
  portVariable: string;
}

/** Why a server does not listen, with the variable to change; any other error as it is. */
export function explainListenError(error: unknown, listener: ConfiguredListener): unknown {
  if (!(error instanceof Error && "code" in error)) return error;
  const { host, port, hostVariable, portVariable } = listener;
  const code = String(error.code);
  const because = portFaults.get(code);
  if (because !== undefined) {
    const problem = `${portVariable} is ${port}, which ${because} (${code} at ${host})`;
    return new ConfigError([problem], error);
  }
  if (!hostFaults.has(code)) return error;
  const problem = `${hostVariable} is ${host}, which is no address of this machine (${code})`;
  return new ConfigError([problem], error);
}

const portFaults: ReadonlyMap<string, string> = new Map([
  ["EADDRINUSE", "another program has"],
  ["EACCES", "this user may not listen on"],
]);

const hostFaults: ReadonlySet<string> = new Set([
  "EADDRNOTAVAIL",
  "EAFNOSUPPORT",
  "EAI_AGAIN",
  "EINVAL",
  "ENOTFOUND",
]);

/** Makes a TLS server of what the variables' files hold. */
export function useTlsFiles<Made>(variables: readonly string[], make: () => Made): Made {
  try {
    return make();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const files = variables.join(", ");
    throw new ConfigError([`${files} name files that TLS can't take (${reason})`], error);
  }
}
