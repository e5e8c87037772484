/** As much of X.690's distinguished encoding as a certificate request needs. */

function length(bytes: number): Buffer {
  if (bytes < 0x80) return Buffer.from([bytes]);
  const digits = bytes.toString(16);
  const encoded = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  return Buffer.concat([Buffer.from([0x80 | encoded.byteLength]), encoded]);
}

/** One value: its tag, its length, its content. */
export function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag]), length(body.byteLength), body]);
}

/** SEQUENCE. */
export const sequence = (...content: readonly Uint8Array[]): Buffer => der(0x30, ...content);
/** SET, with one element or with its elements in order. */
export const set = (...content: readonly Uint8Array[]): Buffer => der(0x31, ...content);
/** OCTET STRING. */
export const octetString = (content: Uint8Array): Buffer => der(0x04, content);
/** BIT STRING of whole bytes. */
export const bitString = (content: Uint8Array): Buffer => der(0x03, Buffer.from([0]), content);
/** BOOLEAN TRUE, which makes an extension critical. */
export const critical = (): Buffer => der(0x01, Buffer.from([0xff]));
/** UTF8String. */
export const utf8String = (text: string): Buffer => der(0x0c, Buffer.from(text));
/** Not negative: the first bit must not be set. */
export const integer = (bytes: Uint8Array): Buffer => der(0x02, bytes);
/** A context-specific, constructed value. */
export const explicit = (number: number, content: Uint8Array): Buffer => der(0xa0 | number, content);

/** By its encoding in hexadecimal digits. */
export const objectIdentifier = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));

/** GeneralizedTime, in whole seconds. */
export function time(ms: number): Buffer {
  return der(0x18, Buffer.from(new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, ''), 'ascii'));
}
