/**
 * Who set the limits that every kitchen starts with, in Indonesian, by what the rules say
 * themselves. A source that a kitchen has written stays in its own words. A test holds them against
 * the default rules.
 */
const limitSourcesInIndonesian: ReadonlyMap<string, string> = new Map([
  [
    "Health inspection form: cold holding at most 5 °C",
    "Formulir inspeksi kesehatan: penyimpanan dingin paling tinggi 5 °C",
  ],
  [
    "Early warning of this project, at the 4 °C of Kepmenkes 1204/2004 (second-hand)",
    "Peringatan dini proyek ini, pada 4 °C dari Kepmenkes 1204/2004 (kutipan tangan kedua)",
  ],
  [
    "Nadi: 10 °C within 10 min is no door opening",
    "Nadi: 10 °C dalam 10 mnt bukan karena pintu dibuka",
  ],
  [
    "Codex: frozen food at most −18 °C (unchecked)",
    "Codex: pangan beku paling tinggi −18 °C (belum diperiksa)",
  ],
  ["Codex: warn above −15 °C (unchecked)", "Codex: peringatan di atas −15 °C (belum diperiksa)"],
  [
    "Nadi: 15 °C within 10 min is faster than defrosting",
    "Nadi: 15 °C dalam 10 mnt lebih cepat daripada pencairan bunga es",
  ],
  [
    "Health inspection form: hot holding at least 60 °C",
    "Formulir inspeksi kesehatan: penyimpanan panas paling rendah 60 °C",
  ],
  [
    "Early warning of this project, at the 63 °C of the UK (unchecked)",
    "Peringatan dini proyek ini, pada 63 °C dari Britania Raya (belum diperiksa)",
  ],
  [
    "Health inspection form: hot holding at least 60 °C, applied to the way (project)",
    "Formulir inspeksi kesehatan: panas paling rendah 60 °C, diterapkan di perjalanan (proyek)",
  ],
  [
    "Kepmenkes 1204/2004: dry store below 22 °C (second-hand)",
    "Kepmenkes 1204/2004: gudang kering di bawah 22 °C (kutipan tangan kedua)",
  ],
  ["Nadi: a store's door stands open for 5 min", "Nadi: pintu penyimpanan terbuka selama 5 mnt"],
]);

/** Whether Nadi comes with it; else somebody of the kitchen has written it. */
export function isSourceOfNadi(source: string): boolean {
  return limitSourcesInIndonesian.has(source);
}

/** The source in Indonesian, where it is one that Nadi comes with. */
export function limitSourceInIndonesian(source: string): string {
  return limitSourcesInIndonesian.get(source) ?? source;
}
