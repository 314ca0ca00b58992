import { defineTexts } from "./texts.ts";

export const signInTexts = defineTexts({
  id: {
    title: "Masuk ke Nadi",
    email: "Alamat surel",
    password: "Kata sandi",
    submit: "Masuk",
    busy: "Memeriksa…",
    wait: (time: string) => `Coba lagi dalam ${time}.`,
    about: "Suhu, kendaraan, dan stok dapur sekolah, saat ini juga.",
  },
  en: {
    title: "Sign in to Nadi",
    email: "E-mail address",
    password: "Password",
    submit: "Sign in",
    busy: "Checking…",
    wait: (time) => `Try again in ${time}.`,
    about: "Temperatures, vehicles and stock of school kitchens, as they are now.",
  },
});
