import { defineTexts } from "./texts.ts";

export const stockTexts = defineTexts({
  id: {
    title: {
      soon: (name: string, left: string) => `${name} habis dalam ${left}`,
      alert: (name: string) => `${name} perlu diperhatikan`,
      doubt: (count: string) => `${count} timbangan tidak diketahui isinya`,
      calm: "Stok diketahui, tidak ada yang mendesak",
      none: "Belum ada timbangan",
      unknown: "Stok dapur",
    },
    about: (kitchen: string, all: string, fresh: string) =>
      `${kitchen} · ${all} timbangan · ${fresh} segar`,
    empty:
      "Belum ada timbangan. Pasang timbangan pintar di tempat stok, atau jalankan dapur contoh.",
    failed: "Riwayat timbangan tidak dapat dimuat. Berat langsung tetap berjalan.",
    notLive: {
      notFound: "Dapur ini tidak ada, atau bukan untuk akun ini.",
      signedOut: "Sesi sudah berakhir. Masuk lagi.",
      unavailable: "Keadaan stok tidak dapat dimuat. Dicoba lagi dengan sendirinya.",
    },
    scales: "Timbangan",
    change: (amount: string) => `hari ini ${amount}`,
    changeSince: (time: string, amount: string) => `sejak ${time} ${amount}`,
    changeUnknown: "perubahan hari ini tidak diketahui",
    cover: (days: string) => `cukup ${days} hari`,
    coverFrom: (days: string) => `menurut pemakaian ${days} hari`,
    left: { days: (days: string) => `${days} hari`, hours: (hours: string) => `${hours} jam` },
    limit: {
      below: (limit: string) => `batas ≥ ${limit}`,
      above: (limit: string) => `batas ≤ ${limit}`,
    },
    source: (source: string) => `sumber: ${source}`,
    level: (now: string, high: string) => `${now} dari tertinggi ${high} dalam 7 hari`,
    levelUnknown: "isi tidak diketahui",
    noLimit: "tanpa batas · kurva 7 hari",
    doubt: {
      missing: "belum terpasang",
      silent: "hilang: isi sekarang tidak diketahui",
      fault: "nilai terakhir salah",
      lifted: "wadah diangkat atau kosong?",
      unknown: "belum ada berat yang sah",
    },
    movements: {
      heading: "Pergerakan hari ini",
      about: "dari timbangan, sudah tenang",
      none: "Belum ada penerimaan atau pengambilan hari ini.",
      columns: {
        time: "Waktu",
        scale: "Timbangan",
        kind: "Jenis",
        change: "Perubahan",
        left: "Sisa",
      },
      kind: { withdrawal: "Pengambilan", receipt: "Penerimaan" },
      between: (from: string, to: string) => `antara ${from} dan ${to}`,
    },
  },
  en: {
    title: {
      soon: (name, left) => `${name} runs out in ${left}`,
      alert: (name) => `${name} needs a look`,
      doubt: (count) =>
        count === "1"
          ? "What is on 1 scale is not known"
          : `What is on ${count} scales is not known`,
      calm: "Stock is known, nothing is urgent",
      none: "No scales yet",
      unknown: "The kitchen's stock",
    },
    about: (kitchen, all, fresh) => `${kitchen} · ${all} scales · ${fresh} fresh`,
    empty: "No scales yet. Put a smart scale under the stock, or run the sample kitchen.",
    failed: "The scales' history could not be loaded. Live weights go on.",
    notLive: {
      notFound: "There is no such kitchen, or not for this account.",
      signedOut: "The session has ended. Sign in again.",
      unavailable: "The stock's state could not be loaded. It is tried again by itself.",
    },
    scales: "Scales",
    change: (amount) => `today ${amount}`,
    changeSince: (time, amount) => `since ${time} ${amount}`,
    changeUnknown: "change today not known",
    cover: (days) => `lasts ${days} days`,
    coverFrom: (days) => `by the use of ${days} days`,
    left: {
      days: (days) => (days === "1" ? "1 day" : `${days} days`),
      hours: (hours) => (hours === "1" ? "1 hour" : `${hours} hours`),
    },
    limit: { below: (limit) => `limit ≥ ${limit}`, above: (limit) => `limit ≤ ${limit}` },
    source: (source) => `source: ${source}`,
    level: (now, high) => `${now} of the highest ${high} in 7 days`,
    levelUnknown: "what is there is not known",
    noLimit: "no limit · 7-day curve",
    doubt: {
      missing: "not installed",
      silent: "silent: what is there now is not known",
      fault: "last value was faulty",
      lifted: "container lifted, or empty?",
      unknown: "no good weight yet",
    },
    movements: {
      heading: "Movements today",
      about: "from the scales, settled",
      none: "Nothing was received or taken today.",
      columns: { time: "Time", scale: "Scale", kind: "Kind", change: "Change", left: "Left" },
      kind: { withdrawal: "Withdrawal", receipt: "Receipt" },
      between: (from, to) => `between ${from} and ${to}`,
    },
  },
});

export type StockTexts = (typeof stockTexts)["id"];
