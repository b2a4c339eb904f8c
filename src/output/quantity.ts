/** Numbers as people read them. The machine's forms (rows, `--summary json`) never pass here. */

/** `1234567` -> `1,234,567`. Not by Intl, whose first use costs more than a whole summary. */
export function showCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `0.42/s`, `48.3/s`, `1,204/s`. */
export function showRate(perSecond: number): string {
  if (perSecond >= 99.95) return `${showCount(perSecond)}/s`;
  return `${perSecond.toFixed(perSecond >= 9.995 ? 1 : 2)}/s`;
}

/** `0.4 ms`, `83 ms`, `1.24 s`: how long a call took. */
export function showLatency(ms: number): string {
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(ms < 9995 ? 2 : 1)} s`;
}

/** `0.4s`, `48s`, `2m05s`, `1h02m`: how long a run took, or has to go. */
export function showDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (ms < 9950) return `${(ms / 1000).toFixed(1)}s`;
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${twoDigits(seconds % 60)}s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}h${twoDigits(minutes % 60)}m`;
}

/** `512 B`, `5.1 kB`, `1.2 GB`; powers of 1000, as disks and networks are sold. */
export function showBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let amount = bytes;
  let unit = 0;
  while (amount >= 999.95 && unit < units.length - 1) {
    amount /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? amount : amount.toFixed(1)} ${units[unit]}`;
}

/** `3.4%`; never 0 or 100 per cent of what is not quite. */
export function showShare(part: number, whole: number): string {
  if (part === 0 || whole === 0) return '0%';
  if (part === whole) return '100%';
  const percent = (part / whole) * 100;
  if (percent < 0.1) return '<0.1%';
  if (percent > 99.9) return '>99.9%';
  return `${percent.toFixed(1)}%`;
}

function twoDigits(count: number): string {
  return String(count).padStart(2, '0');
}
