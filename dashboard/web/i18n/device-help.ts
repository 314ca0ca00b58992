import { defineTexts } from "./texts.ts";

/** What to enter in a device, by the format that it speaks. */
export const deviceHelpTexts = defineTexts({
  id: {
    help: {
      heading: "Coba kirim satu bacaan",
      about: "Salin ke terminal. Bacaan muncul di sini dalam satu detik.",
      aboutSecret: "Salin ke terminal, dengan rahasianya di dalam SECRET.",
      line: "Baris mosquitto_pub",
      setup: "Cara mengisi perangkat",
      native: "Kirim JSON ke topik ini, QoS 1. ts (milidetik UTC) boleh ditambahkan.",
      tasmota: "Tempel ke Console Tasmota, dengan rahasianya sebagai MqttPassword.",
      owntracks: "Di aplikasi OwnTracks: Preferences, Connection, mode MQTT.",
      traccar:
        "Di traccar.xml server Traccar. Tiap pelacak ditambahkan di bawah perangkat ini, " +
        "dengan uniqueId sebagai ID-nya.",
    },
  },
  en: {
    help: {
      heading: "Try to send one reading",
      about: "Copy it into a terminal. The reading shows here within a second.",
      aboutSecret: "Copy it into a terminal, with the secret in SECRET.",
      line: "Line for mosquitto_pub",
      setup: "What to enter in the device",
      native: "Send JSON to this topic, QoS 1. ts (UTC milliseconds) may be added.",
      tasmota: "Paste it into Tasmota's Console, with the secret as MqttPassword.",
      owntracks: "In the OwnTracks app: Preferences, Connection, mode MQTT.",
      traccar:
        "In the Traccar server's traccar.xml. Each tracker is added below this device, " +
        "with its uniqueId as the id.",
    },
  },
});
