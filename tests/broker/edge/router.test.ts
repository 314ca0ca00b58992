import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Router } from "../../../broker/edge/router.ts";
import { matchesByTheBook, qualities, topicFilters, topicNames } from "./topic-cases.ts";

interface Subscriber {
  name: string;
}

const ani: Subscriber = { name: "ani" };
const budi: Subscriber = { name: "budi" };
const subscribers = [ani, budi, { name: "citra" }];

function routesOf(router: Router<Subscriber>, topicName: string): Record<string, number> {
  const routes = router.match(topicName).map(({ subscriber, qos }) => [subscriber.name, qos]);
  return Object.fromEntries(routes);
}

test("a subscriber of overlapping filters is there once, at the highest QoS", () => {
  const router = new Router<Subscriber>();
  router.add("a/+", ani, 0);
  router.add("a/#", ani, 2);
  router.add("a/b", ani, 1);
  router.add("#", budi, 1);
  expect(router.match("a/b")).toHaveLength(2);
  expect(routesOf(router, "a/b")).toEqual({ ani: 2, budi: 1 });
  router.remove("a/#", ani);
  expect(routesOf(router, "a/b")).toEqual({ ani: 1, budi: 1 });
});

test("subscribing to a filter again replaces its QoS [MQTT-3.8.4-3]", () => {
  const router = new Router<Subscriber>();
  router.add("a", ani, 2);
  router.add("a", ani, 0);
  expect(routesOf(router, "a")).toEqual({ ani: 0 });
});

test("what was asked before a change is answered anew after it", () => {
  const router = new Router<Subscriber>();
  expect(routesOf(router, "a/b")).toEqual({});
  router.add("a/b", ani, 1);
  expect(routesOf(router, "a/b")).toEqual({ ani: 1 });
  router.remove("a/b", ani);
  expect(routesOf(router, "a/b")).toEqual({});
});

test("removing what is not there changes nothing", () => {
  const router = new Router<Subscriber>();
  router.add("a/b", ani, 1);
  router.remove("a", ani);
  router.remove("a/b", budi);
  router.remove("a/b/c", ani);
  expect(routesOf(router, "a/b")).toEqual({ ani: 1 });
  router.remove("a/b", ani);
  expect(router.isEmpty).toBe(true);
});

test("levels named like properties of objects are levels", () => {
  const router = new Router<Subscriber>();
  router.add("__proto__/constructor", ani, 1);
  expect(routesOf(router, "__proto__/constructor")).toEqual({ ani: 1 });
  expect(routesOf(router, "__proto__/toString")).toEqual({});
});

const operation = fc.record({
  filter: topicFilters,
  who: fc.nat(subscribers.length - 1),
  qos: qualities,
  isRemoval: fc.boolean(),
  asked: topicNames,
});

test("any history of subscriptions routes as the standard's rules say, and leaves nothing", () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 30 }), topicNames, (operations, topicName) => {
      const router = new Router<Subscriber>();
      const granted = subscribers.map(() => new Map<string, 0 | 1 | 2>());
      const expectRoutes = (asked: string): void => {
        const expected = granted.flatMap((filters, who) => {
          const matching = [...filters].filter(([filter]) => matchesByTheBook(filter, asked));
          if (matching.length === 0) return [];
          return [[subscribers[who]?.name ?? "", Math.max(...matching.map(([, qos]) => qos))]];
        });
        expect(routesOf(router, asked)).toEqual(Object.fromEntries(expected));
      };
      for (const { filter, who, qos, isRemoval, asked } of operations) {
        const subscriber = subscribers[who] ?? ani;
        if (isRemoval) {
          granted[who]?.delete(filter);
          router.remove(filter, subscriber);
        } else {
          granted[who]?.set(filter, qos);
          router.add(filter, subscriber, qos);
        }
        expectRoutes(asked);
      }
      expectRoutes(topicName);
      for (const [who, filters] of granted.entries()) {
        for (const filter of filters.keys()) router.remove(filter, subscribers[who] ?? ani);
      }
      expect(router.isEmpty).toBe(true);
    }),
    { numRuns: 300 },
  );
});
