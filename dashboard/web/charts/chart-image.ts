import { readPlotTheme } from "./read-plot-theme.ts";

const headPx = 64;
const padPx = 16;

/** The chart as it is shown, with the words that a picture alone lacks: whose, when, which zone. */
export async function chartImage(
  canvas: HTMLCanvasElement,
  words: { title: string; about: string },
): Promise<Blob> {
  const theme = readPlotTheme(canvas);
  const scale = devicePixelRatio;
  const image = document.createElement("canvas");
  image.width = canvas.width + 2 * padPx * scale;
  image.height = canvas.height + (headPx + padPx) * scale;
  const context = image.getContext("2d");
  if (context === null) throw new Error("the browser draws no canvas");
  context.fillStyle = theme.surface;
  context.fillRect(0, 0, image.width, image.height);
  context.fillStyle = theme.text;
  context.font = `600 ${18 * scale}px ${theme.font}`;
  context.fillText(words.title, padPx * scale, 30 * scale);
  context.fillStyle = theme.axis;
  context.font = `${12 * scale}px ${theme.font}`;
  context.fillText(words.about, padPx * scale, 50 * scale);
  context.drawImage(canvas, padPx * scale, headPx * scale);
  return new Promise((resolve, reject) => {
    const done = (blob: Blob | null): void =>
      blob === null ? reject(new Error("the canvas gave no image")) : resolve(blob);
    image.toBlob(done, "image/png");
  });
}
