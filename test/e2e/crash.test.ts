import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADMIN } from './support/accounts.ts';
import { type BerthServe, berthServe } from './support/berth.ts';
import { assembled, type BuiltImage, blob } from './support/images.ts';
import { created, pushBlob, putManifest, readBack } from './support/pusher.ts';
import { type Session, session } from './support/session.ts';
import { steps } from './support/steps.ts';

const PUSHERS = 6;
/** milliseconds in which servers are killed; reading back comes on top */
const BUDGET = 18_000;

/** What was sent, and whether the registry acknowledged it. */
interface Entry {
  readonly repository: string;
  readonly path: string;
  readonly digest: string;
  acknowledged: boolean;
}

describe('kill -9 of berth serve during parallel pushes', () => {
  let berth: BerthServe;
  let by: Session;
  const ledger: Entry[] = [];
  let killing = false;
  steps(() => berth.output());
  beforeAll(async () => {
    berth = await berthServe({ env: { BERTH_ADMIN_PASSWORD: ADMIN.password } });
    by = session(berth.url, { credentials: ADMIN });
  });
  afterAll(() => berth?.stop());

  /** Remembers an attempt before it is made and its acknowledgement after. */
  const enter = async (entry: Omit<Entry, 'acknowledged'>, attempt: () => Promise<void>) => {
    const noted: Entry = { ...entry, acknowledged: false };
    ledger.push(noted);
    await attempt();
    noted.acknowledged = true;
  };

  /** Pushes images until the server is killed. @throws Error when something fails before */
  const pushUntilKilled = async (round: number, pusher: number) => {
    const repository = `crash/p${pusher}`;
    for (let n = 0; !killing; n += 1) {
      try {
        await pushOne(by, berth, enter, repository, `r${round}-${n}`);
      } catch (error) {
        if (!killing || (error instanceof Error && /^(expected 201|POST of|no token)/.test(error.message)))
          throw error;
        return;
      }
    }
  };

  /** Everything acknowledged must be there; what was not may be there whole or not at all. */
  const verify = async (entries: readonly Entry[]) => {
    const wrong: string[] = [];
    for (const { repository, path, digest, acknowledged } of entries) {
      const found = await readBack(by, repository, path);
      if (found === digest || (!acknowledged && found.startsWith('404 '))) continue;
      wrong.push(`${acknowledged ? 'acknowledged' : 'not acknowledged'} ${repository} ${path}: ${found}`);
    }
    return wrong;
  };

  test('after each restart every acknowledged blob and manifest reads back with its digest', async () => {
    const end = Date.now() + BUDGET;
    let rounds = 0;
    for (; Date.now() < end; rounds += 1) {
      const from = ledger.length;
      const pushers = Array.from({ length: PUSHERS }, (_, n) => pushUntilKilled(rounds, n));
      const killed = sleep(randomInt(100, 1500)).then(() => {
        killing = true;
        return berth.kill();
      });
      await Promise.all([killed, ...pushers]);
      await berth.start();
      killing = false;
      expect(await verify(ledger.slice(from))).toEqual([]);
    }
    const acknowledged = ledger.filter((entry) => entry.acknowledged).length;
    process.stdout.write(`killed ${rounds} times; ${acknowledged} of ${ledger.length} were acknowledged\n`);
    expect(rounds).toBeGreaterThan(3);
    expect(acknowledged).toBeGreaterThan(50);
    expect(ledger.length, 'some pushes were interrupted').toBeGreaterThan(acknowledged);
  });

  test('in the end everything of all rounds is there, and no tag points into the void', async () => {
    expect(await verify(ledger.filter(({ acknowledged }) => acknowledged))).toEqual([]);
    for (const repository of new Set(ledger.map((entry) => entry.repository))) {
      for (const tag of await tagsOf(by, repository)) {
        const answer = await by.ask(`repository:${repository}:pull`, `/v2/${repository}/manifests/${tag}`, {
          headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
        });
        expect(answer.status, `${repository}:${tag}`).toBe(200);
        const { config, layers } = JSON.parse(answer.text) as Record<string, never> & {
          config: { digest: string };
          layers: { digest: string }[];
        };
        for (const { digest } of [config, ...layers]) {
          expect(await readBack(by, repository, `blobs/${digest}`)).toBe(digest);
        }
      }
    }
  });
});

async function pushOne(
  by: Session,
  berth: BerthServe,
  enter: (entry: Omit<Entry, 'acknowledged'>, attempt: () => Promise<void>) => Promise<void>,
  repository: string,
  tag: string,
): Promise<void> {
  const size = randomInt(5) === 0 ? 2_000_000 : randomInt(1_000, 200_000);
  const layer = blob('application/octet-stream', randomBytes(size));
  const image: BuiltImage = assembled([layer], [layer.descriptor.digest]);
  for (const { descriptor, content } of image.blobs) {
    await enter({ repository, path: `blobs/${descriptor.digest}`, digest: descriptor.digest }, async () =>
      created(await pushBlob(by, berth.url, repository, content)),
    );
  }
  await enter({ repository, path: `manifests/${tag}`, digest: image.digest }, async () =>
    created(await putManifest(by, repository, tag, image)),
  );
}

async function tagsOf(by: Session, repository: string): Promise<readonly string[]> {
  const answer = await by.ask(`repository:${repository}:pull`, `/v2/${repository}/tags/list`);
  if (answer.status === 404) return [];
  return (JSON.parse(answer.text) as { tags: string[] | null }).tags ?? [];
}
