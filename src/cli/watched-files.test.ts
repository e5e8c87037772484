import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordedLog } from '../../test/support/recorded-log.ts';
import { type FileWatch, watchFiles } from './watched-files.ts';

let folder: string;
let log: RecordedLog;
let watch: FileWatch | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-watch-'));
  log = new RecordedLog();
});

afterEach(() => {
  watch?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function watching(file: string, reload: () => void): Promise<FileWatch> {
  watch = await watchFiles({ files: [file], what: 'the file', log, reload });
  return watch;
}

describe('a watched file', () => {
  it('is not read again while it stays as it is', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, 'one');
    let reloads = 0;
    const { look } = await watching(file, () => {
      reloads += 1;
    });
    await look();
    expect(reloads).toBe(0);
  });

  it.each([
    ['written anew', (file: string) => writeFileSync(file, 'other')],
    [
      'replaced by another of the same size',
      (file: string) => {
        writeFileSync(`${file}.new`, 'two');
        renameSync(`${file}.new`, file);
      },
    ],
    ['removed', (file: string) => rmSync(file)],
  ])('is read again when it is %s', async (_, change) => {
    const file = join(folder, 'file');
    writeFileSync(file, 'one');
    let reloads = 0;
    const { look } = await watching(file, () => {
      reloads += 1;
    });
    change(file);
    await look();
    await look();
    expect(reloads).toBe(1);
  });

  it('is read again when the folder behind a link is swapped, as Kubernetes does', async () => {
    for (const version of ['v1', 'v2']) {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, 'tls.crt'), version);
    }
    symlinkSync('v1', join(folder, '..data'));
    symlinkSync('..data/tls.crt', join(folder, 'tls.crt'));
    let reloads = 0;
    const { look } = await watching(join(folder, 'tls.crt'), () => {
      reloads += 1;
    });
    symlinkSync('v2', join(folder, '..tmp'));
    renameSync(join(folder, '..tmp'), join(folder, '..data'));
    await look();
    expect(reloads).toBe(1);
  });

  it('that cannot be used is named in the log, once, and tried again after its next change', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, 'good');
    let isBroken = true;
    const { look } = await watching(file, () => {
      if (isBroken) throw new Error('not a certificate');
    });
    writeFileSync(file, 'broken');
    await look();
    await look();
    expect(log.at('error')).toHaveLength(1);
    isBroken = false;
    writeFileSync(file, 'mended');
    await look();
    expect(log.at('info')).toMatchObject([{ fields: { what: 'the file' } }]);
  });
});
