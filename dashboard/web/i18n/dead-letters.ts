import { defineTexts } from "./texts.ts";

/** Why a message was rejected, and what its sender has to change. */
export const deadLetterTexts = defineTexts({
  id: {
    rejected: {
      heading: "Pesan yang ditolak",
      none: "Tidak ada pesan yang ditolak.",
      about: (kept: string, total: string) => `${kept} terbaru dari ${total}`,
      more: "Tampilkan lebih banyak",
      failed: "Pesan yang ditolak tidak dapat dimuat.",
      bytes: (count: string) => `${count} byte`,
      reason: {
        DEVICES_PAYLOAD_NOT_JSON: "Bukan JSON. Periksa tanda kutip dan kurung kurawalnya.",
        DEVICES_PAYLOAD_SHAPE: "JSON, tetapi bukan objek seperti yang diminta formatnya.",
        DEVICES_PAYLOAD_TOO_LARGE: "Terlalu besar. Kirim dalam beberapa pesan.",
        DEVICES_FIELD_MISSING: "Ada isian yang tidak dikirim.",
        DEVICES_FIELD_TYPE: "Jenis isian salah: angka tanpa tanda kutip, dengan titik desimal.",
        DEVICES_READING_UNKNOWN: "Topik menyebut bacaan yang tidak dikenal Nadi.",
        DEVICES_TOPIC_INVALID: "Topiknya bukan milik perangkat ini.",
        DEVICES_TIME_INVALID: "Waktunya tidak dapat dibaca.",
        DEVICES_COORDINATES_INVALID: "Koordinatnya tidak mungkin.",
        DEVICES_POSITION_NO_FIX: "Pelacak belum mendapat posisi. Tunggu di tempat terbuka.",
        INGEST_CHILD_UNKNOWN: "Gateway mengirim untuk perangkat yang belum ditambahkan.",
      },
      other: "Tidak terbaca.",
    },
  },
  en: {
    rejected: {
      heading: "Rejected messages",
      none: "No message was rejected.",
      about: (kept, total) => `the newest ${kept} of ${total}`,
      more: "Show more",
      failed: "The rejected messages could not be loaded.",
      bytes: (count) => `${count} bytes`,
      reason: {
        DEVICES_PAYLOAD_NOT_JSON: "Not JSON. Check its quotes and braces.",
        DEVICES_PAYLOAD_SHAPE: "JSON, but not the object that its format asks for.",
        DEVICES_PAYLOAD_TOO_LARGE: "Too large. Send it in several messages.",
        DEVICES_FIELD_MISSING: "A field was not sent.",
        DEVICES_FIELD_TYPE: "A field has a wrong type: numbers without quotes, with a point.",
        DEVICES_READING_UNKNOWN: "The topic names a reading that Nadi does not know.",
        DEVICES_TOPIC_INVALID: "The topic is not this device's.",
        DEVICES_TIME_INVALID: "Its time can't be read.",
        DEVICES_COORDINATES_INVALID: "Its coordinates are impossible.",
        DEVICES_POSITION_NO_FIX: "The tracker has no fix yet. Let it see the sky for a while.",
        INGEST_CHILD_UNKNOWN: "The gateway sends for a device that nobody has added.",
      },
      other: "Unreadable.",
    },
  },
});
