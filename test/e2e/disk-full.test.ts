import { randomBytes } from 'node:crypto';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADMIN } from './support/accounts.ts';
import { type BerthServe, berthServe } from './support/berth.ts';
import { sendByCurl } from './support/curl.ts';
import type { Answer } from './support/http.ts';
import { type BuiltImage, builtImage, planImage, sha256 } from './support/images.ts';
import {
  cancelScope,
  openUpload,
  pushBlob,
  pushImage,
  pushScope,
  putManifest,
  readBack,
  withDigest,
} from './support/pusher.ts';
import { folder } from './support/root.ts';
import { must, run } from './support/run.ts';
import { type Session, session } from './support/session.ts';
import { steps } from './support/steps.ts';

const REPOSITORY = 'full/image';
const SCOPE = pushScope(REPOSITORY);
const DISK = 48 * 2 ** 20;

const disk = folder('disk');
const mounted = await run('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'berth-e2e', disk]);
if (mounted.code !== 0)
  process.stderr.write(`\nSKIPPED: disk full: no tmpfs can be mounted: ${mounted.all}\n`);

describe.skipIf(mounted.code !== 0)('a disk that is full', () => {
  let berth: BerthServe;
  let by: Session;
  const earlier: BuiltImage = builtImage(planImage(2));
  const filler = join(disk, 'filler');
  steps(() => berth.output());
  beforeAll(async () => {
    berth = await berthServe({ env: { BERTH_ADMIN_PASSWORD: ADMIN.password }, data: join(disk, 'data') });
    by = session(berth.url, { credentials: ADMIN });
    await pushImage(by, berth.url, REPOSITORY, 'earlier', earlier);
  });
  afterAll(async () => {
    await berth?.stop();
    await must('umount', [disk]);
  });

  const expectReason = (answer: Pick<Answer, 'status' | 'text'>) => {
    expect([500, 507], `${answer.status} ${answer.text}`).toContain(answer.status);
    const { errors } = JSON.parse(answer.text) as {
      errors: { code: string; message: string; detail?: unknown }[];
    };
    expect(JSON.stringify(errors)).toMatch(/space|full|ENOSPC/i);
  };
  const expectEarlierIntact = async () => {
    expect(await readBack(by, REPOSITORY, 'manifests/earlier')).toBe(earlier.digest);
    for (const { descriptor } of earlier.blobs) {
      expect(await readBack(by, REPOSITORY, `blobs/${descriptor.digest}`)).toBe(descriptor.digest);
    }
  };

  test('a blob larger than what is left gets 507 or 500 with a reason', async () => {
    const content = randomBytes(2 * DISK);
    const location = await openUpload(by, berth.url, REPOSITORY);
    const answer = await sendByCurl(withDigest(location, sha256(content)), {
      method: 'PUT',
      body: content,
      headers: { authorization: `Bearer ${await by.token(SCOPE)}` },
    });
    expectReason(answer);
    expect(await readBack(by, REPOSITORY, `blobs/${sha256(content)}`)).toMatch(/^404 /);
    const gone = await by.ask(cancelScope(REPOSITORY), location, { method: 'DELETE' });
    expect([204, 404], gone.text).toContain(gone.status);
  });

  test('the server lives on: earlier content is intact and smaller things go through', async () => {
    expect(berth.server.running()).toBe(true);
    await expectEarlierIntact();
    await pushImage(by, berth.url, REPOSITORY, 'later', builtImage(planImage(1)));
  });

  test('with not a byte left a push gets 507 or 500 with a reason, or all of it is kept', async () => {
    fill(filler);
    const content = randomBytes(100_000);
    const answers: Answer[] = [];
    try {
      answers.push(await pushBlob(by, berth.url, REPOSITORY, content));
    } catch (error) {
      // The first of the two requests was refused: its answer is in the message.
      expect(String(error)).toMatch(/(500|507).*(space|full|ENOSPC)/i);
    }
    for (const answer of answers) expectReason(answer);
    const image = builtImage(planImage(1));
    const manifest = await putManifest(by, REPOSITORY, 'void', { ...image, manifest: earlier.manifest });
    if (manifest.status !== 201) expectReason(manifest);
    await expectEarlierIntact();
  });

  test('once there is space again pushes go through, also after a restart', async () => {
    rmSync(filler);
    await pushImage(by, berth.url, REPOSITORY, 'after', builtImage(planImage(1)));
    await berth.kill();
    await berth.start();
    await expectEarlierIntact();
    await pushImage(by, berth.url, REPOSITORY, 'after-restart', builtImage(planImage(1)));
  });
});

/** Writes until the file system takes no more byte. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (let size = 2 ** 20; size >= 1; ) {
      try {
        writeSync(file, Buffer.alloc(size, 1));
      } catch {
        size = Math.floor(size / 2);
      }
    }
  } finally {
    closeSync(file);
  }
}
