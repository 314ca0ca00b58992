import * as fc from "fast-check";

/** MQTT 3.1.1 section 4.7 at its plainest, level by level. */
export function matchesByTheBook(filter: string, topicName: string): boolean {
  const wanted = filter.split("/");
  const actual = topicName.split("/");
  if (actual[0]?.startsWith("$") === true && (wanted[0] === "+" || wanted[0] === "#")) return false;
  const walk = (index: number): boolean => {
    if (wanted[index] === "#") return true;
    if (index === wanted.length || index === actual.length) {
      // `sport/#` matches its parent, `sport`.
      return index === actual.length && (index === wanted.length || isOnlyHash(wanted, index));
    }
    return (wanted[index] === "+" || wanted[index] === actual[index]) && walk(index + 1);
  };
  return walk(0);
}

function isOnlyHash(wanted: readonly string[], index: number): boolean {
  return wanted[index] === "#" && index === wanted.length - 1;
}

/** Few names, so that filters and topics meet often; `""` makes empty levels. */
const name = fc.constantFrom("a", "b", "", "$S", "é");

export const topicNames = fc
  .array(name, { minLength: 1, maxLength: 5 })
  .map((levels) => levels.join("/"))
  .filter((topicName) => topicName !== "");

export const topicFilters = fc
  .tuple(fc.array(fc.oneof(name, fc.constant("+")), { minLength: 0, maxLength: 5 }), fc.boolean())
  .map(([levels, hasHash]) => [...levels, ...(hasHash ? ["#"] : [])].join("/"))
  .filter((filter) => filter !== "");

export const qualities = fc.constantFrom(0 as const, 1 as const, 2 as const);
