import { defineTexts } from "./texts.ts";

export const accountTexts = defineTexts({
  id: {
    title: (count: string) => `Anda masuk di ${count} tempat`,
    titleOne: "Anda hanya masuk di sini",
    sessions: "Sesi Anda",
    sessionsAbout: "Akhiri sesi yang tidak Anda kenali, lalu ganti kata sandi.",
    password: "Ganti kata sandi",
    current: "Kata sandi saat ini",
    next: "Kata sandi baru",
    again: "Kata sandi baru, sekali lagi",
    hint: (least: string, advised: string) =>
      `Minimal ${least} karakter, sebaiknya ${advised} atau lebih: beberapa kata mudah diingat.`,
    differs: "Kedua isian kata sandi baru tidak sama.",
    submit: "Ganti kata sandi",
    done: "Kata sandi diganti. Sesi Anda yang lain sudah berakhir.",
    failed: "Sesi tidak dapat dimuat.",
  },
  en: {
    title: (count) => `You are signed in at ${count} places`,
    titleOne: "You are signed in only here",
    sessions: "Your sessions",
    sessionsAbout: "End a session that you do not know, then change your password.",
    password: "Change the password",
    current: "Current password",
    next: "New password",
    again: "New password, once more",
    hint: (least, advised) =>
      `At least ${least} characters, better ${advised} or more: a few words are easy to remember.`,
    differs: "The two entries of the new password differ.",
    submit: "Change the password",
    done: "The password is changed. Your other sessions have ended.",
    failed: "The sessions could not be loaded.",
  },
});
