import {
  ciRule,
  errorCodeRule,
  exactVersionsRule,
  lintNumbersRule,
  lockfileRule,
  syntaxRule,
} from "./code-rules.ts";
import {
  barrelRule,
  browserRule,
  directionRule,
  doorRule,
  extensionRule,
  zodRule,
} from "./import-rules.ts";
import type { Rule } from "./source.ts";
import { banRules, sizeRule, topLevelRule } from "./text-rules.ts";

/** Every rule of the house style that a program can check. */
export const rules: readonly Rule[] = [
  topLevelRule,
  sizeRule,
  directionRule,
  doorRule,
  extensionRule,
  browserRule,
  zodRule,
  barrelRule,
  syntaxRule,
  errorCodeRule,
  lintNumbersRule,
  exactVersionsRule,
  lockfileRule,
  ciRule,
  ...banRules,
];
