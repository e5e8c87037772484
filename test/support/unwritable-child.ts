import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { openFsContentStore } from '../../src/content/fs/open.ts';

/** Takes the right to write from a content store's folder and says what each method then does. */

const folder = process.argv[2] ?? '';
const content = await openFsContentStore(folder);

const kept = content.write(content.newKey());
await kept.append(Buffer.from('here'));
await kept.flush();
await kept.close();

await chmod(folder, 0o755);
await chmod(join(folder, 'content'), 0o555);
// The file and its folder can be read by everybody, so that this program may go on as nobody.
await chmod(join(folder, kept.key, '..'), 0o755);
await chmod(join(folder, kept.key), 0o644);
if (process.getuid?.() === 0) process.setuid?.(65_534);

async function codeOf(action: () => Promise<unknown>): Promise<string> {
  try {
    await action();
    return 'nothing';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}

/** A key in a folder that is not there yet. */
function freshKey(): string {
  for (;;) {
    const key = content.newKey();
    if (key.slice(0, 10) !== kept.key.slice(0, 10)) return key;
  }
}

const large = content.write(freshKey());
const small = content.write(freshKey());
await small.append(Buffer.from('x'));
const stream = await content.read(kept.key);
const found = {
  open: await codeOf(() => openFsContentStore(folder)),
  append: await codeOf(async () => {
    for (let count = 0; count < 4; count += 1) await large.append(Buffer.alloc(512 * 1024));
  }),
  flush: await codeOf(() => small.flush()),
  ping: await codeOf(() => content.ping()),
  read: Buffer.from((await stream?.next()) ?? []).toString(),
};
await stream?.close();
await large.close();
await small.close();
process.stdout.write(JSON.stringify(found));
