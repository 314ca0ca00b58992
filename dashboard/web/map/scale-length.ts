/** The widest that the bar gets, in CSS pixels. */
const pixelsMax = 120;

/** The longest round length that fits: 1, 2 or 5 times a power of ten, in metres. */
export function scaleFor(metersPerPixel: number): { meters: number; pixels: number } {
  const most = metersPerPixel * pixelsMax;
  const power = 10 ** Math.floor(Math.log10(most));
  const step = [5, 2].find((factor) => factor * power <= most) ?? 1;
  const meters = step * power;
  return { meters, pixels: meters / metersPerPixel };
}
