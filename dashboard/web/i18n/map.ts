import { defineTexts } from "./texts.ts";

export const mapTexts = defineTexts({
  id: {
    help:
      "Tombol panah menggeser peta, + dan − memperbesar dan memperkecil. " +
      "Daftar di sampingnya berisi hal yang sama.",
    tools: "Alat peta",
    nearer: "Perbesar",
    farther: "Perkecil",
    showAll: "Tampilkan semua",
    groundFailed: "Peta dasar tidak dapat dimuat. Posisi kendaraan tetap benar.",
  },
  en: {
    help: "Arrow keys move the map, + and − zoom. The list beside it says the same.",
    tools: "Map tools",
    nearer: "Zoom in",
    farther: "Zoom out",
    showAll: "Show all",
    groundFailed: "The basemap could not be loaded. Vehicles are where the map shows them.",
  },
});
