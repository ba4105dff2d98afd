/** A moment of today as a clock shows it here, with seconds. */
export function clockText(iso: string): string {
  return new Date(iso).toLocaleTimeString(undefined, { hour12: false });
}

/** How long ago or how long, in the two largest units. */
export function spanText(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Between two moments of the venue. */
export function spanBetween(fromIso: string, toIso: string): string {
  return spanText(Date.parse(toIso) - Date.parse(fromIso));
}
