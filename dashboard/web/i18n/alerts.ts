import { defineTexts } from "./texts.ts";

export const alertsTexts = defineTexts({
  id: {
    title: {
      unacknowledged: (count: string) => `${count} belum ditanggapi`,
      open: (count: string) => `${count} terbuka, semua ditanggapi`,
      none: "Tidak ada peringatan terbuka",
      resolved: "Riwayat peringatan",
    },
    about: (place: string, open: string) => `${place} · ${open} terbuka`,
    allKitchens: "Semua dapur",
    tabs: { open: "Terbuka", unacknowledged: "Belum ditanggapi", resolved: "Selesai" },
    criticalOnly: "Kritis saja",
    emptyOpen: (time: string) => `Tidak ada peringatan. Terakhir diperiksa ${time}.`,
    emptyFiltered: "Tidak ada peringatan yang cocok dengan saringan ini.",
    emptyResolved: "Belum ada peringatan yang selesai.",
    failed: "Peringatan tidak dapat dimuat. Data langsung tetap berjalan.",
    more: "Muat yang lebih lama",
    moreOpen: "Ada peringatan terbuka lain yang tidak ditampilkan.",
    list: "Daftar peringatan",
    detail: "Rincian peringatan",
  },
  en: {
    title: {
      unacknowledged: (count) => `${count} unacknowledged`,
      open: (count) => `${count} open, all acknowledged`,
      none: "No open alerts",
      resolved: "History of alerts",
    },
    about: (place, open) => `${place} · ${open} open`,
    allKitchens: "All kitchens",
    tabs: { open: "Open", unacknowledged: "Unacknowledged", resolved: "Resolved" },
    criticalOnly: "Critical only",
    emptyOpen: (time) => `No alerts. Last checked ${time}.`,
    emptyFiltered: "No alert fits this filter.",
    emptyResolved: "No alert has been resolved yet.",
    failed: "Alerts could not be loaded. Live data goes on.",
    more: "Load older ones",
    moreOpen: "There are further open alerts that are not shown.",
    list: "List of alerts",
    detail: "Detail of the alert",
  },
});
