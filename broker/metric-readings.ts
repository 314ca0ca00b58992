import { Counter, Gauge, type Registry } from "@prometheus-io/client";

/** A value that is read when somebody asks; nothing is counted twice on the hot path. */
export interface MetricReading {
  /** One that ends with `_total` counts since the start; every other can also fall. */
  name: string;
  help: string;
  read(): number;
}

/** The same by the values of one label. */
export interface LabelledReading extends Omit<MetricReading, "read"> {
  label: string;
  read(): Iterable<readonly [value: string, count: number]>;
}

export function registerReading(registry: Registry, reading: MetricReading): void {
  const { name, help } = reading;
  const metric = isCounter(name)
    ? new Counter({
        name,
        help,
        registers: [],
        collect() {
          this.reset();
          this.inc(reading.read());
        },
      })
    : new Gauge({
        name,
        help,
        registers: [],
        collect() {
          this.set(reading.read());
        },
      });
  registry.registerMetric(metric);
}

/** Counters only: nobody has needed a gauge by label yet. */
export function registerLabelledCounter(registry: Registry, reading: LabelledReading): void {
  const { name, help, label } = reading;
  const counter = new Counter({
    name,
    help,
    labelNames: [label],
    registers: [],
    collect() {
      this.reset();
      for (const [value, count] of reading.read()) this.inc({ [label]: value }, count);
    },
  });
  registry.registerMetric(counter);
}

function isCounter(name: string): boolean {
  return name.endsWith("_total");
}
