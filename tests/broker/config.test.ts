import { expect, test } from "vitest";
import { loadBrokerConfig } from "../../broker/config.ts";

test.for([
  "redis://127.0.0.1:6379",
  "rediss://nadi:p%40ss@redis.example.org:6380",
  "redis://:secret@[::1]",
])("%s is an address of Redis", (url) => {
  expect(loadBrokerConfig({ NADI_REDIS_URL: url }).NADI_REDIS_URL).toBe(url);
});

test.for([
  "127.0.0.1:6379",
  "http://redis:6379",
  "redis://",
  "redis:///0",
  "redis://host?enableOfflineQueue=true",
  "redis://user:secret@host#x",
])("%s is refused, and the message does not repeat it", (url) => {
  expect(() => loadBrokerConfig({ NADI_REDIS_URL: url })).toThrow(/NADI_REDIS_URL must be redis:/);
  expect(() => loadBrokerConfig({ NADI_REDIS_URL: url })).not.toThrow(/secret|enableOffline/);
});
