/**
 * The server of the tests that has `WAITAOF`: what `NADI_TEST_VALKEY` names (a Valkey, or a Redis
 * from 7.2 on), else Debian's.
 */
export function valkeyProgram(): string {
  const named = process.env["NADI_TEST_VALKEY"];
  return named === undefined || named === "" ? "valkey-server" : named;
}
