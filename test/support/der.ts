import { der } from '../../src/acme/der.ts';

/* What certificates need of X.690's distinguished encoding, beyond what certificate requests do. */

export { explicit, octetString, sequence, set, time, utf8String } from '../../src/acme/der.ts';

/** A BIT STRING; with `unusedBits`, the last byte counts only in part. */
export const bitString = (content: Uint8Array, unusedBits = 0): Buffer =>
  der(0x03, Buffer.from([unusedBits]), content);
/** A BOOLEAN. */
export const boolean = (value: boolean): Buffer => der(0x01, Buffer.from([value ? 0xff : 0]));
/** NULL. */
export const nothing = (): Buffer => der(0x05);

/** A number from 0 to 2^31 - 1. */
export function integer(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.unshift(rest & 0xff);
    rest >>= 8;
  } while (rest > 0);
  if ((bytes[0] ?? 0) >= 0x80) bytes.unshift(0);
  return der(0x02, Buffer.from(bytes));
}

/** `1.2.840.10045.4.3.2`, for example. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const digits = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
    return digits;
  });
  return der(0x06, Buffer.from(bytes));
}
