/**
 * The syntax of topic names and filters as MQTT 3.1.1 section 4.7 has it, with Nadi's bound on
 * levels. Aedes accepts `a+`, `+a`, `a#` and `t/+a`, so these rules are ours.
 */

/** Deep topics make every trie walk longer and crashed others (GHSA-xxqp-5qx8-gj5q). */
export const topicLevelsMax = 8;

/** Longest topic name or filter in bytes: ours are below 200. */
export const topicBytesMax = 1024;

function isWithinSize(topic: string): boolean {
  // A UTF-16 unit takes one byte at least and three at most.
  if (topic.length * 3 <= topicBytesMax) return topic.length > 0;
  return topic.length <= topicBytesMax && Buffer.byteLength(topic) <= topicBytesMax;
}

function countLevels(topic: string): number {
  let levels = 1;
  for (let index = topic.indexOf("/"); index !== -1; index = topic.indexOf("/", index + 1)) {
    levels++;
  }
  return levels;
}

/** A topic name: not empty [MQTT-4.7.3-1], no wildcard [MQTT-3.3.2-2], at most 8 levels. */
export function isTopicName(topic: string): boolean {
  return (
    isWithinSize(topic) &&
    !topic.includes("#") &&
    !topic.includes("+") &&
    countLevels(topic) <= topicLevelsMax
  );
}

/** A filter: `+` and `#` fill a whole level, `#` is the last one [MQTT-4.7.1-2, 4.7.1-3]. */
export function isTopicFilter(filter: string): boolean {
  if (!isWithinSize(filter) || countLevels(filter) > topicLevelsMax) return false;
  if (!filter.includes("+") && !filter.includes("#")) return true;
  const levels = filter.split("/");
  return levels.every((level, index) => {
    if (level === "#") return index === levels.length - 1;
    return level === "+" || (!level.includes("+") && !level.includes("#"));
  });
}

/** Wildcards at the first level do not match topics that begin with `$` [MQTT-4.7.2-1]. */
export function topicMatches(filter: string, topicName: string): boolean {
  if (filter === topicName) return true;
  if (topicName.startsWith("$") && (filter.startsWith("+") || filter.startsWith("#"))) {
    return false;
  }
  const wanted = filter.split("/");
  const actual = topicName.split("/");
  for (const [index, level] of wanted.entries()) {
    if (level === "#") return true;
    if (index >= actual.length) return false;
    if (level !== "+" && level !== actual[index]) return false;
  }
  return wanted.length === actual.length;
}
