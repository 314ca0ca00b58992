import type { Registry } from "../registry/registry.ts";

/** Nobody's address: mail to `.invalid` goes nowhere [RFC 2606]. */
const firstOperatorEmail = "operator@nadi.invalid";

/**
 * Makes the first login where there is none, and answers what to print of logins: the password
 * exists in clear only in this text.
 */
export async function describeLogin(
  registry: Pick<Registry, "listUsers" | "addUser">,
): Promise<string> {
  const users = await registry.listUsers();
  const operator = users.find(({ role }) => role === "operator");
  if (operator !== undefined) {
    const { email } = operator;
    return `${email}, its password was printed once; a new one: npx nadi user reset ${email}`;
  }
  const issued = await registry.addUser({ email: firstOperatorEmail, role: "operator" }, "start");
  return `${issued.user.email}  password ${issued.password}  (printed once)`;
}
