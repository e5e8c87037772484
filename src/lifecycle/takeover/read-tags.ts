import type { OriginalTag } from '../../index/takeover.ts';
import type { Digest } from '../../oci/digest.ts';
import { InvalidValueError } from '../../oci/invalid.ts';
import { parseTag, type Tag } from '../../oci/reference.ts';
import { foldersOf, type Link, latestOf, linkIn, linksBelow, type Reading } from './read-links.ts';

function tagOf(name: string): Tag | undefined {
  try {
    return parseTag(name);
  } catch (error) {
    if (error instanceof InvalidValueError) return undefined;
    throw error;
  }
}

/** The moves of a tag by the time of their links; what it points to now comes last, whatever the times say. */
function movesOf(current: Link, history: readonly Link[]): OriginalTag['moves'] {
  const before = [...latestOf(history).values()]
    .filter(({ digest }) => digest !== current.digest)
    .sort((a, b) => a.atMs - b.atMs);
  return [...before, current].map(({ digest, atMs }) => ({ digest, atMs }));
}

/**
 * The tags of a repository, one after the other.
 * @param folder `_manifests/tags`
 * @param has whether the repository has the manifest; a tag to any other is noted
 */
export async function* readTags(
  reading: Reading,
  folder: string,
  has: (digest: Digest) => boolean,
): AsyncGenerator<OriginalTag> {
  for (const { name } of await foldersOf(reading, folder)) {
    const place = `${folder}/${name}`;
    const tag = tagOf(name);
    if (tag === undefined) {
      reading.found.add('invalid-name', place);
      continue;
    }
    for (const part of await foldersOf(reading, place)) {
      if (part.name !== 'current' && part.name !== 'index')
        reading.found.add('foreign', `${place}/${part.name}`);
    }
    const current = await linkIn(reading, `${place}/current`);
    if (current === undefined) continue;
    if (!has(current.digest)) {
      reading.found.add('dangling-tag', current.path, current.digest);
      continue;
    }
    yield { name: tag, moves: movesOf(current, await linksBelow(reading, `${place}/index`)) };
  }
}
