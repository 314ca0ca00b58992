/** A real, public place in the middle of Jakarta; coordinates are approximate (some 100 m). */
export interface RealPlace {
  name: string;
  lat: number;
  lon: number;
}

/**
 * Schools and landmarks that are no secret. They stand for delivery points: that a trip ends near
 * one says nothing about that school.
 */
export const places: readonly RealPlace[] = [
  { name: "SDN Menteng 01", lat: -6.1983, lon: 106.833 },
  { name: "SMPN 1 Cikini", lat: -6.1912, lon: 106.8391 },
  { name: "SMPN 8 Pegangsaan", lat: -6.2027, lon: 106.8437 },
  { name: "SMPN 216 Salemba", lat: -6.1957, lon: 106.8493 },
  { name: "SMAN 68 Salemba", lat: -6.1943, lon: 106.8503 },
  { name: "SMAN 1 Budi Utomo", lat: -6.1652, lon: 106.8376 },
  { name: "SMAN 3 Setiabudi", lat: -6.2113, lon: 106.8287 },
  { name: "SMAN 8 Bukit Duri", lat: -6.2158, lon: 106.8583 },
  { name: "Lapangan Banteng", lat: -6.1703, lon: 106.835 },
  { name: "Stasiun Gambir", lat: -6.1767, lon: 106.8306 },
  { name: "Stasiun Pasar Senen", lat: -6.1747, lon: 106.8446 },
  { name: "Stasiun Manggarai", lat: -6.2099, lon: 106.8502 },
  { name: "Stasiun Tanah Abang", lat: -6.1857, lon: 106.8108 },
  { name: "Museum Nasional", lat: -6.1764, lon: 106.8218 },
  { name: "Perpustakaan Nasional", lat: -6.181, lon: 106.8269 },
  { name: "Taman Suropati", lat: -6.1995, lon: 106.8326 },
  { name: "Taman Ismail Marzuki", lat: -6.1903, lon: 106.8387 },
  { name: "Bundaran HI", lat: -6.195, lon: 106.823 },
];

/** Where a kitchen may stand: invented yards, from which every place is within 6 km. */
export const kitchenSites: readonly RealPlace[] = [
  { name: "Dapur Menteng", lat: -6.1966, lon: 106.8362 },
  { name: "Dapur Kebon Sirih", lat: -6.1868, lon: 106.8315 },
  { name: "Dapur Cikini", lat: -6.1935, lon: 106.8421 },
  { name: "Dapur Kwitang", lat: -6.1822, lon: 106.8402 },
];

/** The delivery radius of the programme's digests. */
export const deliveryRadiusMeters = 6000;
