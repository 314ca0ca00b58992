import { defineTexts } from "./texts.ts";

/** What an alert says, wherever it stands. */
export const alertTexts = defineTexts({
  id: {
    what: {
      above: (sensor: string) => `${sensor} terlalu hangat`,
      below: (sensor: string) => `${sensor} terlalu dingin`,
      rate: (sensor: string) => `${sensor} berubah terlalu cepat`,
      door: (sensor: string) => `Pintu ${lower(sensor)} terbuka`,
      silent: (sensor: string) => `${sensor} tidak mengirim data`,
      fault: (sensor: string) => `${sensor}: sensor rusak`,
      aboveOther: (sensor: string) => `${sensor} di atas batas`,
      belowOther: (sensor: string) => `${sensor} di bawah batas`,
    },
    perMinute: "/mnt",
    source: { regulation: "peraturan", guidance: "pedoman", project: "ketentuan Nadi" },
    worst: (value: string) => `terburuk ${value}`,
    since: (time: string, length: string) => `sejak ${time}, ${length}`,
    cleared: (time: string) => `pulih ${time}`,
    clearedWaits: "Sudah pulih. Catat tindakan korektif untuk menyelesaikan.",
    again: (times: string) => `${times} kali`,
    late: "dari data susulan",
    unacknowledged: "belum ditanggapi",
    acknowledged: (who: string, time: string) => `ditanggapi ${who}, ${time}`,
    resolved: "selesai",
    action: (text: string) => `Tindakan: ${text}`,
    acknowledge: "Tanggapi",
    resolve: "Catat tindakan",
    openKitchen: "Buka dapur",
    dialog: {
      title: "Catat tindakan korektif",
      stillBroken: "Nilainya masih di luar batas. Selesaikan hanya bila makanannya sudah aman.",
      correctiveAction: "Apa yang dilakukan terhadap makanan dan penyebabnya?",
      example: "Misal: pintu ditutup, ayam dipindah ke penyimpanan lain",
      required: "Peringatan kritis tidak dapat selesai tanpa tindakan korektif.",
      note: "Catatan (boleh kosong)",
      submit: "Selesaikan",
    },
  },
  en: {
    what: {
      above: (sensor) => `${sensor} too warm`,
      below: (sensor) => `${sensor} too cold`,
      rate: (sensor) => `${sensor} changes too fast`,
      door: (sensor) => `Door of ${lower(sensor)} open`,
      silent: (sensor) => `${sensor} sends no data`,
      fault: (sensor) => `${sensor}: broken sensor`,
      aboveOther: (sensor) => `${sensor} above its limit`,
      belowOther: (sensor) => `${sensor} below its limit`,
    },
    perMinute: "/min",
    source: { regulation: "regulation", guidance: "guidance", project: "Nadi's own" },
    worst: (value) => `worst ${value}`,
    since: (time, length) => `since ${time}, ${length}`,
    cleared: (time) => `back to normal ${time}`,
    clearedWaits: "Back to normal. Record the corrective action to resolve it.",
    again: (times) => `${times} times`,
    late: "from late data",
    unacknowledged: "unacknowledged",
    acknowledged: (who, time) => `acknowledged by ${who}, ${time}`,
    resolved: "resolved",
    action: (text) => `Action: ${text}`,
    acknowledge: "Acknowledge",
    resolve: "Record action",
    openKitchen: "Open kitchen",
    dialog: {
      title: "Record the corrective action",
      stillBroken: "The value is still beyond its limit. Resolve only when the food is safe.",
      correctiveAction: "What was done about the food and the cause?",
      example: "E.g. door closed, chicken moved to the other store",
      required: "A critical alert is not resolved without the corrective action.",
      note: "Note (may stay empty)",
      submit: "Resolve",
    },
  },
});

/** Within a sentence. */
function lower(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
