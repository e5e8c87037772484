import { openFsContentStore } from '../../src/content/fs/open.ts';
import { openFilesBelow } from './open-files.ts';
import { contentOf, noise, store } from './pieces.ts';

/** Fills the small disk under /mnt and says what happens. */

async function fill(bytes: number): Promise<string> {
  const writer = content.write(content.newKey());
  try {
    for (let written = 0; written < bytes; written += 100_000) await writer.append(noise(100_000));
    await writer.flush();
    return 'no failure';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  } finally {
    await writer.close();
    // What the registry does with bytes of which nothing was acknowledged.
    if (writer.key !== '') failed.push(writer.key);
  }
}

const failed: string[] = [];
const content = await openFsContentStore('/mnt/data');
const earlier = noise(500_000);
const key = await store(content, earlier);
const failure = await fill(20_000_000);
const again = await fill(2_000_000);
const isIntact = (await contentOf(content, key))?.equals(earlier) === true;
for (const lost of failed) await content.remove(lost);
const openFiles = (await openFilesBelow('/mnt')).length;
const later = noise(2_000_000);
const isWritten = (await contentOf(content, await store(content, later)))?.equals(later) === true;
process.stdout.write(
  JSON.stringify({
    failure,
    again,
    earlier: isIntact ? 'intact' : 'lost',
    openFiles,
    afterwards: isWritten ? 'written' : 'not written',
  }),
);
