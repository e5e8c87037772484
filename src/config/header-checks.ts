import type { Decoding } from './decoding.ts';
import { type ConfigNode, formatPath } from './node.ts';
import { placeOfKey } from './types-section.ts';

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Headers that belong to the connection, or to the body, which only the sender knows. */
const RESERVED: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Whether a text can be the value of a header. */
export function isHeaderValue(value: string): boolean {
  return HEADER_VALUE.test(value);
}

/** Reports a header at `at` that cannot be sent as it is written; its value is not repeated. */
export function checkHeader(name: string, values: readonly string[], at: Decoding, node: ConfigNode): void {
  const shown = `"${formatPath([...at.path, name])}"`;
  if (!HEADER_NAME.test(name) || !values.every(isHeaderValue)) {
    at.report(`${shown} is not a valid HTTP header`, placeOfKey(node, name, at));
  }
  if (RESERVED.has(name.toLowerCase())) {
    at.report(`${shown} cannot be set; remove it`, placeOfKey(node, name, at));
  }
}
