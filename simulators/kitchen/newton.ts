/**
 * Newton's law: a body drifts towards what surrounds it, the faster the further off it is. Rates
 * are per minute; where several things surround it, their rates add up.
 */
export interface Coupling {
  celsius: number;
  perMinute: number;
}

/** Specific heat of watery food, J/(kg K): between rice 3,200 and soup 4,000. */
const foodJoulesPerKgKelvin = 3600;

/** T = Ta + (T0 − Ta)·e^(−kt). */
export function relax(celsius: number, towards: Coupling, minutes: number): number {
  return towards.celsius + (celsius - towards.celsius) * Math.exp(-towards.perMinute * minutes);
}

/** Minutes until the body has `level`; infinite if it never gets there. */
export function minutesUntil(celsius: number, towards: Coupling, level: number): number {
  const share = (level - towards.celsius) / (celsius - towards.celsius);
  if (!(share > 0 && share <= 1) || towards.perMinute <= 0) return Number.POSITIVE_INFINITY;
  return -Math.log(share) / towards.perMinute;
}

/** What several couplings do together: their rates add, their temperatures average by rate. */
export function combine(couplings: readonly Coupling[]): Coupling {
  const perMinute = couplings.reduce((sum, coupling) => sum + coupling.perMinute, 0);
  if (perMinute === 0) return { celsius: 0, perMinute: 0 };
  const weighted = couplings.reduce((sum, { celsius, perMinute: k }) => sum + celsius * k, 0);
  return { celsius: weighted / perMinute, perMinute };
}

/** How fast a pot follows its flame: k = UA / (m·c). A big batch is slow because of its mass. */
export function heatingPerMinute(massKg: number, wattsPerKelvin: number): number {
  return (wattsPerKelvin * 60) / (massKg * foodJoulesPerKgKelvin);
}
