import { digestOf, parseDigest } from '../../src/oci/digest.ts';
import { byTag, pullBlob, type Replica, repo } from './replica.ts';

/**
 * Reads back what was acknowledged, given as lines `blob REPOSITORY DIGEST` and `manifest REPOSITORY DIGEST TAG`.
 * Other lines mean nothing.
 * @throws Error where anything is missing or damaged
 */
export async function readBack(replica: Replica, lines: readonly string[]): Promise<void> {
  for (const line of new Set(lines)) {
    const [kind, name = '', text = '', tag = ''] = line.split(' ');
    if (kind !== 'blob' && kind !== 'manifest') continue;
    const digest = parseDigest(text);
    const bytes =
      kind === 'blob'
        ? await pullBlob(replica, repo(name), digest)
        : (await replica.manifests.read(repo(name), byTag(tag))).bytes;
    if (digestOf(bytes) !== digest) throw new Error(`damaged: ${line}`);
  }
}
