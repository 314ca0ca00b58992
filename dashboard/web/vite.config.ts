import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { serviceWorker } from "./offline/service-worker-plugin.ts";

/** Where `vite` sends what it does not serve itself: a Nadi that runs beside it. */
const platformUrl = "http://127.0.0.1:8080";

export default defineConfig({
  root: import.meta.dirname,
  base: "/",
  plugins: [react(), serviceWorker()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    // The strict policy of the page knows no `data:`; and so each file has one address.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      treeshake: {
        // Schemas are made by calls, which are kept otherwise, also where nobody uses them.
        moduleSideEffects: (id) => !/\/(?:devices|dashboard\/contract)\/[^?]*\.ts$/.test(id),
      },
      output: {
        codeSplitting: {
          groups: [
            { name: "react", test: /\/node_modules\/(?:react|react-dom|scheduler)\// },
            // Large and lazy: they stay out of every other chunk.
            { name: "mqtt", test: /\/node_modules\/mqtt\// },
            { name: "uplot", test: /\/node_modules\/uplot\// },
          ],
        },
      },
    },
  },
  server: {
    proxy: {
      "/api": platformUrl,
      "/problems": platformUrl,
      "/mqtt": { target: platformUrl, ws: true },
    },
  },
});
