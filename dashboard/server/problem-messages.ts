import type { DashboardErrorCode } from "./errors.ts";

interface Message {
  en: string;
  id: string;
}

/** What each code of this folder means, in both languages; served at `/problems/<code>`. */
const ownMessages = {
  DASHBOARD_REQUEST_INVALID: {
    en: "The request can't be understood.",
    id: "Permintaan tidak dapat dipahami.",
  },
  DASHBOARD_INPUT_INVALID: {
    en: "Some of what was sent is not as it must be; each place is named.",
    id: "Sebagian data yang dikirim tidak sesuai; setiap bagiannya disebutkan.",
  },
  DASHBOARD_IDEMPOTENCY_KEY_INVALID: {
    en: "An Idempotency-Key has 16 to 128 printable characters, e.g. a random UUID.",
    id: "Idempotency-Key terdiri atas 16 sampai 128 karakter, misalnya UUID acak.",
  },
  DASHBOARD_IDEMPOTENCY_KEY_REUSED: {
    en: "This Idempotency-Key came with another request before: take a new one.",
    id: "Idempotency-Key ini sudah dipakai untuk permintaan lain: gunakan yang baru.",
  },
  DASHBOARD_COMMAND_RUNNING: {
    en: "The same command is being carried out: ask again in a few seconds.",
    id: "Perintah yang sama sedang dijalankan: coba lagi beberapa detik lagi.",
  },
  DASHBOARD_PASSWORD_WEAK: {
    en: "Choose another password: at least 8 characters, better 15; not a common one.",
    id: "Pilih kata sandi lain: minimal 8 karakter, sebaiknya 15; bukan yang umum dipakai.",
  },
  DASHBOARD_PASSWORD_WRONG: {
    en: "The current password is another one.",
    id: "Kata sandi saat ini tidak cocok.",
  },
  DASHBOARD_SESSION_MISSING: {
    en: "Sign in first: there is no session, or it has ended.",
    id: "Masuk terlebih dahulu: tidak ada sesi, atau sesi sudah berakhir.",
  },
  DASHBOARD_SIGN_IN_REFUSED: {
    en: "The e-mail address or the password is wrong.",
    id: "Alamat surel atau kata sandi salah.",
  },
  DASHBOARD_METRICS_FORBIDDEN: {
    en: "Metrics are answered to this machine itself, or with the bearer token.",
    id: "Metrik hanya dijawab untuk mesin ini sendiri, atau dengan token bearer.",
  },
  DASHBOARD_ROLE_FORBIDDEN: {
    en: "Your role may not do this; ask the head of the kitchen.",
    id: "Peran Anda tidak boleh melakukan ini; tanyakan kepada kepala SPPG.",
  },
  DASHBOARD_ORIGIN_FORBIDDEN: {
    en: "The request comes from another site than Nadi's own.",
    id: "Permintaan berasal dari situs lain, bukan dari Nadi.",
  },
  DASHBOARD_NOT_FOUND: {
    en: "There is nothing at this address.",
    id: "Tidak ada apa pun di alamat ini.",
  },
  DASHBOARD_PAIRING_UNKNOWN: {
    en: "No screen waits with this code: look at the screen again, codes live for 10 minutes.",
    id: "Tidak ada layar dengan kode ini: lihat lagi layarnya, kode berlaku 10 menit.",
  },
  DASHBOARD_PAIRING_LIMITED: {
    en: "Too many codes from here: wait, then try again.",
    id: "Terlalu banyak kode dari sini: tunggu, lalu coba lagi.",
  },
  DASHBOARD_SCREENS_FULL: {
    en: "The kitchen has as many wall screens as it may: disconnect one first.",
    id: "Jumlah layar dinding dapur ini sudah penuh: putuskan salah satu dahulu.",
  },
  DASHBOARD_VERSION_STALE: {
    en: "Somebody else has changed it in the meantime: read it again.",
    id: "Orang lain telah mengubahnya: muat ulang terlebih dahulu.",
  },
  DASHBOARD_BODY_TOO_LARGE: {
    en: "The request's body is larger than allowed.",
    id: "Isi permintaan lebih besar daripada yang diizinkan.",
  },
  DASHBOARD_URL_TOO_LONG: {
    en: "The address is longer than allowed.",
    id: "Alamat permintaan lebih panjang daripada yang diizinkan.",
  },
  DASHBOARD_MEDIA_TYPE_UNSUPPORTED: {
    en: "The request's body must be JSON: content-type: application/json.",
    id: "Isi permintaan harus JSON: content-type: application/json.",
  },
  DASHBOARD_RANGE_UNSATISFIABLE: {
    en: "The file has no such part: ask for one range within its length.",
    id: "Berkas tidak memiliki bagian itu: minta satu rentang di dalam panjangnya.",
  },
  DASHBOARD_VERSION_MISSING: {
    en: "Say which version you have seen: If-Match, or expectedVersion.",
    id: "Sebutkan versi yang Anda lihat: If-Match, atau expectedVersion.",
  },
  DASHBOARD_SIGN_IN_LIMITED: {
    en: "Too many failed sign-ins from here: wait, then try again.",
    id: "Terlalu banyak percobaan masuk yang gagal dari sini: tunggu, lalu coba lagi.",
  },
  DASHBOARD_ACTIONS_LIMITED: {
    en: "Too many changes or commands at once: wait a little, then go on.",
    id: "Terlalu banyak perubahan atau perintah sekaligus: tunggu sebentar, lalu lanjutkan.",
  },
  DASHBOARD_READS_LIMITED: {
    en: "Too many large reads at once in this session: try again when one has ended.",
    id: "Terlalu banyak pembacaan besar sekaligus dalam sesi ini: coba lagi nanti.",
  },
  DASHBOARD_INTERNAL: {
    en: "Something failed on our side; it has been logged. Trying again may help.",
    id: "Terjadi kegagalan di pihak kami dan sudah dicatat. Mencoba lagi mungkin membantu.",
  },
  DASHBOARD_SIGN_IN_BUSY: {
    en: "Many people sign in at this moment: try again in a few seconds.",
    id: "Banyak orang sedang masuk saat ini: coba lagi beberapa detik lagi.",
  },
  DASHBOARD_BUSY: {
    en: "Nadi does not keep up at this moment: try again in a few seconds.",
    id: "Nadi sedang sangat sibuk: coba lagi beberapa detik lagi.",
  },
} as const satisfies Record<DashboardErrorCode, Message>;

const storeAway = {
  en: "The history can't be read now; readings are still taken, and nothing is lost.",
  id: "Riwayat tidak dapat dibaca saat ini; data tetap diterima dan tidak ada yang hilang.",
};
const recordsAway = {
  en: "Nadi's records can't be read or written now: try again.",
  id: "Catatan Nadi tidak dapat dibaca atau ditulis saat ini: coba lagi.",
};

/** Codes of other folders that come through a route as they are; tests hold their tables. */
const passedMessages = {
  BROKER_PEERS_UNAVAILABLE: {
    en: "Another part of Nadi can't be reached now; readings are still taken: try again.",
    id: "Bagian lain dari Nadi tidak dapat dihubungi; data tetap diterima: coba lagi.",
  },
  INGEST_STORE_UNAVAILABLE: storeAway,
  INGEST_STORE_CLOSED: storeAway,
  INGEST_WORKER_GONE: storeAway,
  INGEST_BUSY: storeAway,
  INGEST_LEASE_UNSURE: storeAway,
  INGEST_KITCHEN_ELSEWHERE: storeAway,
  INGEST_QUERY_INVALID: {
    en: "The history can't be asked like this: look at its range and number of points.",
    id: "Riwayat tidak dapat diminta seperti ini: periksa rentang dan jumlah titiknya.",
  },
  INGEST_RULE_INVALID: {
    en: "The rule makes no sense as it is; the detail says why.",
    id: "Aturan ini tidak masuk akal; rinciannya menjelaskan sebabnya.",
  },
  INGEST_RULE_UNKNOWN: {
    en: "The kitchen has no such rule.",
    id: "Dapur ini tidak memiliki aturan tersebut.",
  },
  INGEST_RULE_CONFLICT: {
    en: "Somebody else has changed the rule in the meantime: read it again.",
    id: "Orang lain telah mengubah aturan ini: muat ulang terlebih dahulu.",
  },
  INGEST_ALERT_UNKNOWN: {
    en: "The kitchen has no such alert.",
    id: "Dapur ini tidak memiliki peringatan tersebut.",
  },
  INGEST_CORRECTIVE_ACTION_MISSING: {
    en: "A critical alert is resolved with what was done about it: the corrective action.",
    id: "Peringatan kritis hanya dapat diselesaikan dengan tindakan korektif.",
  },
  REGISTRY_INPUT_INVALID: {
    en: "Some of what was sent is not as it must be; the detail says what.",
    id: "Sebagian data yang dikirim tidak sesuai; rinciannya menjelaskan bagian mana.",
  },
  REGISTRY_DEVICE_EXISTS: {
    en: "The kitchen has a device of this id already: take another id, or rotate its secret.",
    id: "Dapur ini sudah memiliki perangkat dengan id itu: pakai id lain, atau ganti rahasianya.",
  },
  REGISTRY_DEVICE_UNKNOWN: {
    en: "The kitchen has no such device.",
    id: "Dapur ini tidak memiliki perangkat tersebut.",
  },
  REGISTRY_DEVICE_REVOKED: {
    en: "The device is revoked: enable it first, which gives it a new secret.",
    id: "Perangkat ini dicabut: aktifkan dahulu, maka ia mendapat rahasia baru.",
  },
  REGISTRY_DEVICE_ENABLED: {
    en: "The device is not revoked: rotate its secret if it needs a new one.",
    id: "Perangkat ini tidak dicabut: ganti rahasianya bila perlu yang baru.",
  },
  REGISTRY_DEVICE_CONFLICT: {
    en: "Somebody else has changed the device in the meantime: read it again.",
    id: "Orang lain telah mengubah perangkat ini: muat ulang terlebih dahulu.",
  },
  REGISTRY_KITCHEN_EXISTS: {
    en: "There is a kitchen with this id already.",
    id: "Dapur dengan ID ini sudah ada.",
  },
  REGISTRY_KITCHEN_UNKNOWN: { en: "There is no such kitchen.", id: "Dapur tersebut tidak ada." },
  REGISTRY_USER_UNKNOWN: { en: "There is no such person.", id: "Orang tersebut tidak ada." },
  REGISTRY_USER_EXISTS: {
    en: "There is a person with this e-mail address already.",
    id: "Orang dengan alamat surel ini sudah ada.",
  },
  REGISTRY_OPERATOR_LAST: {
    en: "This is the only operator who may sign in: make another one first.",
    id: "Ini satu-satunya operator yang dapat masuk: tambahkan operator lain dahulu.",
  },
  REGISTRY_VERSION_STALE: {
    en: "Somebody else has changed it in the meantime: read it again.",
    id: "Orang lain telah mengubahnya: muat ulang terlebih dahulu.",
  },
  RECORDS_LOCKED: recordsAway,
  RECORDS_DISK_FULL: {
    en: "The disk is full: nothing was changed. Free some space.",
    id: "Penyimpanan penuh: tidak ada yang diubah. Kosongkan sebagian ruang.",
  },
  RECORDS_UNAVAILABLE: recordsAway,
  RECORDS_BUSY: recordsAway,
  RECORDS_WORKER_GONE: recordsAway,
} as const satisfies Record<string, Message>;

export const problemMessages = { ...ownMessages, ...passedMessages };

/** Every code that an answer can carry. */
export type ProblemCode = keyof typeof problemMessages;

export function isProblemCode(text: string): text is ProblemCode {
  return Object.hasOwn(problemMessages, text);
}
