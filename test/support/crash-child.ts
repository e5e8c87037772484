import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openFsContentStore } from '../../src/content/fs/open.ts';
import { openSqliteIndex } from '../../src/index/sqlite/open.ts';
import { removeDiscarded } from '../../src/lifecycle/remove-discarded.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { MediaType } from '../../src/oci/media-types.ts';
import { readBack } from './acknowledged.ts';
import { noise } from './pieces.ts';
import { bodyOf, byTag, length, NOTHING_ANNOUNCED, pushBlob, replicaOf, repo } from './replica.ts';

/**
 * A registry under load that waits to be killed: `crash-child.ts FOLDER NAME`. Its input is what others before it
 * said, then `go`; it opens the folder, says `intact` when all of that reads back, and begins. It says each thing
 * that was acknowledged, in one line, right after it was.
 */

const [folder = '', name = ''] = process.argv.slice(2);
const say = (line: string): void => {
  writeSync(1, `${line}\n`);
};

say('loaded');
const before: string[] = [];
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'go') break;
  before.push(line);
}

const content = await openFsContentStore(folder);
const index = await openSqliteIndex(join(folder, 'berth.db'));
const registry = replicaOf({ index, content });
const repository = repo(`crash/${name}`);
// Pushed again and again, by every process: its key moves, and its old bytes are removed, all the time.
const common = Buffer.alloc(70_000, 'common');
// Else a process that is killed leaves nothing of it to the next one.
flushCompileCache();
await readBack(registry, before);
say('intact');

async function inChunks(bytes: Uint8Array): Promise<Digest> {
  const { id } = await registry.uploads.start(repository);
  const half = bytes.byteLength >> 1;
  await registry.uploads.append(repository, id, NOTHING_ANNOUNCED, bodyOf(bytes.subarray(0, half)));
  const rest = bytes.subarray(half);
  await registry.uploads.finish(repository, id, digestOf(bytes), length(rest.byteLength), bodyOf(rest));
  return digestOf(bytes);
}

async function push(worker: number): Promise<void> {
  for (let round = 0; ; round += 1) {
    const bytes = noise(1 + Math.floor(Math.random() * (round % 8 === 0 ? 1_500_000 : 20_000)));
    const digest = round % 2 === 0 ? await pushBlob(registry, repository, bytes) : await inChunks(bytes);
    say(`blob ${repository} ${digest}`);
    const shared = await pushBlob(registry, repository, common);
    say(`blob ${repository} ${shared}`);
    const tag = `w${worker}-r${round}`;
    const descriptor = (which: Digest) => ({ mediaType: 'application/octet-stream', digest: which, size: 1 });
    const manifest = { mediaType: MediaType.ociArtifact, blobs: [descriptor(digest), descriptor(shared)] };
    const stored = await registry.manifests.put({
      repository,
      reference: byTag(tag),
      bytes: Buffer.from(JSON.stringify(manifest)),
      contentType: undefined,
      actor: '',
    });
    say(`manifest ${repository} ${stored.digest} ${tag}`);
  }
}

async function sweep(): Promise<never> {
  for (;;) {
    await removeDiscarded({ index, content });
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

await Promise.all([push(1), push(2), push(3), sweep()]);
