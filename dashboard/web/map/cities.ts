/** A name on the bundled map; capitals of the 38 provinces of 2022 first. */
export interface City {
  name: string;
  lat: number;
  lon: number;
  isCapital: boolean;
}

type Row = readonly [name: string, lat: number, lon: number];

/** Own list, rounded to 0.01 degrees (1 km): a town's middle, for reading and not for driving. */
const capitals: readonly Row[] = [
  ["Banda Aceh", 5.55, 95.32],
  ["Medan", 3.59, 98.67],
  ["Padang", -0.95, 100.42],
  ["Pekanbaru", 0.53, 101.45],
  ["Tanjungpinang", 0.92, 104.46],
  ["Jambi", -1.61, 103.61],
  ["Palembang", -2.98, 104.76],
  ["Pangkalpinang", -2.13, 106.11],
  ["Bengkulu", -3.79, 102.26],
  ["Bandar Lampung", -5.43, 105.26],
  ["Serang", -6.12, 106.15],
  ["Jakarta", -6.18, 106.83],
  ["Bandung", -6.91, 107.61],
  ["Semarang", -6.99, 110.42],
  ["Yogyakarta", -7.8, 110.37],
  ["Surabaya", -7.26, 112.75],
  ["Denpasar", -8.66, 115.22],
  ["Mataram", -8.58, 116.12],
  ["Kupang", -10.18, 123.61],
  ["Pontianak", -0.03, 109.34],
  ["Palangka Raya", -2.21, 113.92],
  ["Banjarbaru", -3.44, 114.83],
  ["Samarinda", -0.5, 117.15],
  ["Tanjung Selor", 2.84, 117.37],
  ["Makassar", -5.14, 119.42],
  ["Mamuju", -2.68, 118.89],
  ["Palu", -0.9, 119.87],
  ["Kendari", -3.99, 122.51],
  ["Gorontalo", 0.54, 123.06],
  ["Manado", 1.48, 124.84],
  ["Ambon", -3.7, 128.18],
  ["Sofifi", 0.74, 127.57],
  ["Jayapura", -2.53, 140.72],
  ["Manokwari", -0.86, 134.06],
  ["Sorong", -0.88, 131.26],
  ["Nabire", -3.37, 135.5],
  ["Wamena", -4.1, 138.95],
  ["Merauke", -8.49, 140.4],
];

const others: readonly Row[] = [
  ["Bekasi", -6.24, 106.99],
  ["Bogor", -6.6, 106.8],
  ["Depok", -6.4, 106.82],
  ["Tangerang", -6.18, 106.63],
  ["Cirebon", -6.71, 108.56],
  ["Tasikmalaya", -7.33, 108.22],
  ["Sukabumi", -6.92, 106.93],
  ["Purwokerto", -7.42, 109.24],
  ["Tegal", -6.87, 109.14],
  ["Surakarta", -7.57, 110.82],
  ["Malang", -7.98, 112.63],
  ["Kediri", -7.82, 112.01],
  ["Madiun", -7.63, 111.52],
  ["Jember", -8.17, 113.7],
  ["Banyuwangi", -8.22, 114.37],
  ["Lhokseumawe", 5.18, 97.15],
  ["Pematangsiantar", 2.96, 99.06],
  ["Sibolga", 1.74, 98.78],
  ["Gunungsitoli", 1.29, 97.61],
  ["Dumai", 1.67, 101.45],
  ["Batam", 1.13, 104.05],
  ["Bukittinggi", -0.31, 100.37],
  ["Lubuklinggau", -3.3, 102.86],
  ["Singkawang", 0.91, 108.98],
  ["Ketapang", -1.85, 109.97],
  ["Sampit", -2.53, 112.95],
  ["Banjarmasin", -3.32, 114.59],
  ["Balikpapan", -1.27, 116.83],
  ["Bontang", 0.13, 117.5],
  ["Tarakan", 3.31, 117.59],
  ["Parepare", -4.01, 119.62],
  ["Palopo", -3.0, 120.2],
  ["Baubau", -5.47, 122.6],
  ["Bitung", 1.44, 125.18],
  ["Ternate", 0.79, 127.38],
  ["Tual", -5.64, 132.75],
  ["Fakfak", -2.92, 132.3],
  ["Biak", -1.18, 136.08],
  ["Timika", -4.55, 136.89],
  ["Sumbawa Besar", -8.49, 117.42],
  ["Bima", -8.46, 118.73],
  ["Labuan Bajo", -8.5, 119.89],
  ["Waingapu", -9.66, 120.26],
  ["Ende", -8.84, 121.66],
  ["Maumere", -8.62, 122.21],
];

export const cities: readonly City[] = [
  ...capitals.map((row) => toCity(row, true)),
  ...others.map((row) => toCity(row, false)),
];

function toCity([name, lat, lon]: Row, isCapital: boolean): City {
  return { name, lat, lon, isCapital };
}
