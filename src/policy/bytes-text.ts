const UNITS = ['kB', 'MB', 'GB', 'TB', 'PB'];

/** A number of bytes for people: `46 bytes`, `1.5 GB`. */
export function inUnits(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const power = Math.min(UNITS.length, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toFixed(1)} ${UNITS[power - 1]}`;
}
