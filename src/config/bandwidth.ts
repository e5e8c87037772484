import type { Type } from './schema.ts';

const GRAMMAR = /^(\d{1,12}(?:\.\d{1,3})?)\s*([kKMGT]?i?B)(?:\/s|ps)?$/;

const POWERS = 'kMGT';

/**
 * Bytes per second from a text such as `50MB/s`, `20MiB/s` or `1.5GB`; undefined where it is none. `0` is no bound.
 * kB, MB and GB are powers of 1000, KiB, MiB and GiB of 1024.
 */
export function parseBandwidth(text: string): number | undefined {
  if (text === '0') return 0;
  const [, amount, unit = ''] = GRAMMAR.exec(text.trim()) ?? [];
  if (amount === undefined) return undefined;
  const power = unit.length === 1 ? 0 : POWERS.indexOf(unit.charAt(0).replace('K', 'k')) + 1;
  if (unit.length > 1 && power === 0) return undefined;
  const bytes = Math.round(Number(amount) * (unit.includes('i') ? 1024 : 1000) ** power);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** As bytes per second; 0 for no bound. */
export const bandwidth: Type<number> = {
  name: 'bandwidth',
  shape: { kind: 'scalar' },
  decode(node, at) {
    const value = node.kind === 'scalar' ? parseBandwidth(node.text) : undefined;
    if (value === undefined)
      at.report(`${at.name} must be a bandwidth such as 50MB/s, or 0 for no bound`, node.place);
    return value;
  },
};
