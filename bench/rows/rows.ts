import type { Row } from '../row.ts';
import { accounts } from './accounts.ts';
import { blocking } from './blocking.ts';
import { downloadFour, downloadOne } from './download.ts';
import { garbageCollect } from './garbage.ts';
import { lists, startFull } from './many.ts';
import { memory } from './memory.ts';
import { push } from './push.ts';
import { blobHead, manifestGet, manifestGetObserved } from './requests.ts';
import { rules } from './rules.ts';
import { firstAnswer, firstStart } from './start.ts';
import { takeover } from './takeover.ts';
import { tokenEc, tokenRsa2048, tokenRsa4096 } from './token.ts';
import { tokenMemory } from './token-memory.ts';
import { uploadFour, uploadOne } from './upload.ts';

/** All rows, in the order of the table. */
export const ROWS: readonly Row[] = [
  manifestGet,
  manifestGetObserved,
  blobHead,
  lists,
  push,
  uploadOne,
  uploadFour,
  downloadOne,
  downloadFour,
  tokenEc,
  tokenRsa2048,
  tokenRsa4096,
  blocking,
  rules,
  accounts,
  tokenMemory,
  firstAnswer,
  firstStart,
  startFull,
  takeover,
  memory,
  garbageCollect,
];

/**
 * The rows whose id begins with one of the given texts; all for none.
 * @throws {TypeError} for a text that no id begins with.
 */
export function selectRows(only: readonly string[]): readonly Row[] {
  const unknown = only.find((id) => !ROWS.some((row) => row.id.startsWith(id)));
  if (unknown !== undefined) {
    throw new TypeError(`no row "${unknown}"; there are: ${ROWS.map((row) => row.id).join(', ')}`);
  }
  return only.length === 0 ? ROWS : ROWS.filter((row) => only.some((id) => row.id.startsWith(id)));
}
