import { quotedHeaderText } from './header-text.ts';
import type { ReplyHeaders } from './message.ts';

/** distribution-spec, "Warnings": "MUST NOT send more than 4096 bytes of warning data from all headers combined". */
const MAX_BYTES = 4096;

/** The headers that show sentences to whoever uses the client. What is too much is left out. */
export function warnings(sentences: readonly string[]): ReplyHeaders {
  const values: string[] = [];
  let total = 0;
  for (const sentence of sentences) {
    const value = `299 - ${quotedHeaderText(sentence)}`;
    // One byte a character: the text went into the header's own encoding.
    total += value.length;
    if (total > MAX_BYTES) break;
    values.push(value);
  }
  return values.length === 0 ? {} : { Warning: values };
}
