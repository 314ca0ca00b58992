import { expect, test } from "vitest";
import {
  collectConfigKeys,
  readEnvExample,
  readReadmeTable,
  renderEnvExample,
  renderReadmeTable,
} from "./support/config-docs.ts";

const fix = "run: node tests/support/print-config.ts --write";

test(".env.example lists exactly the configured variables and their defaults", async () => {
  expect(readEnvExample(), fix).toBe(renderEnvExample(await collectConfigKeys()));
});

test("the README's configuration table lists the same variables and defaults", async () => {
  expect(readReadmeTable(), fix).toBe(renderReadmeTable(await collectConfigKeys()));
});

test("every variable starts with NADI_ and none has a secret as its default", async () => {
  const keys = await collectConfigKeys();
  expect(keys.filter(({ name }) => !/^NADI_[A-Z0-9_]+$/.test(name))).toEqual([]);
  const secrets = keys.filter(({ name }) => /TOKEN|PASSWORD|SECRET/.test(name));
  expect(secrets.filter(({ defaultText }) => defaultText !== null)).toEqual([]);
});
