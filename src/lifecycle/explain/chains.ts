import type { Index } from '../../index/index.ts';
import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import type { Chain } from './explanation.ts';

const MAX_CHAINS = 5;
/** So many manifests are looked at; layers that thousands of images share have more. */
const MAX_VISITED = 500;
const MAX_NEIGHBOURS = 100;

interface Node {
  readonly digest: Digest;
  readonly steps: Chain['steps'];
}

/** What was found on the way from something upwards. */
export interface Climb {
  /** Those that end at a tag, the shortest first; where there are none, one that ends at a manifest. */
  readonly chains: readonly Chain[];
  readonly isTagged: boolean;
  /** A manifest that is, or names, what is explained. */
  readonly isNamed: boolean;
  /** The latest time at which something on the way was young. */
  readonly youngSinceMs: number;
}

/**
 * Goes up from a manifest or a blob, through the manifests that list it and those that are their subjects, to the tags
 * that keep it: the walk of garbage collection, with its ways remembered.
 */
export async function climb(index: Index, repository: RepositoryName, from: Digest): Promise<Climb> {
  const { provenance } = index;
  const seen = new Set<Digest>([from]);
  const tagged: Chain[] = [];
  let top: Chain | undefined;
  let youngSinceMs = 0;
  let level: Node[] = [{ digest: from, steps: [] }];
  while (level.length > 0 && tagged.length < MAX_CHAINS && seen.size < MAX_VISITED) {
    const above: Node[] = [];
    for (const { digest, steps } of level) {
      const manifest = await provenance.manifest(repository, digest);
      if (manifest !== undefined) {
        const { pushedAtMs, untaggedAtMs = 0, askedAtMs = 0 } = manifest;
        youngSinceMs = Math.max(youngSinceMs, pushedAtMs, untaggedAtMs, askedAtMs);
        if (steps.length > 0) top ??= { tag: undefined, steps };
        const tags = await provenance.tagsOf(repository, digest, MAX_CHAINS - tagged.length);
        for (const tag of tags) tagged.push({ tag, steps });
      }
      const add = (next: Digest, by: 'names' | 'subject'): void => {
        if (seen.has(next)) return;
        seen.add(next);
        above.push({ digest: next, steps: [{ manifest: next, by }, ...steps] });
      };
      for (const parent of await provenance.namedBy(repository, digest, MAX_NEIGHBOURS)) add(parent, 'names');
      if (manifest?.subject !== undefined) add(manifest.subject, 'subject');
    }
    level = above;
  }
  return {
    chains: tagged.length > 0 ? tagged : [top].filter((chain) => chain !== undefined),
    isTagged: tagged.length > 0,
    isNamed: top !== undefined,
    youngSinceMs,
  };
}
