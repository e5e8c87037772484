import { expect, it } from 'vitest';
import { parseRepositoryName } from '../../../src/oci/reference.ts';
import { beginUpload, newDigest, newRepository, putBlob, putManifest } from '../../support/index-values.ts';
import { FIRST_PAGE, type SharedIndex } from './under-test.ts';

/** The list of repositories. */
export function repositoryContract(shared: SharedIndex): void {
  it('are listed from their first manifest on, in ASCII order', async () => {
    const { index: empty } = await shared.openEmpty();
    expect(await empty.tags.repositories(FIRST_PAGE)).toEqual([]);
    const names = ['a', 'a/b', 'a-b', 'a.b', 'a_b', 'a0', 'ab', 'a/b/c', 'a--b', 'b', '0', 'a__b'];
    for (const name of names) await putManifest(empty, parseRepositoryName(name), { tags: ['v'] });
    await putBlob(empty, parseRepositoryName('only-blobs'), newDigest());
    await beginUpload(empty, parseRepositoryName('only-an-upload'));
    const sorted = [...names].sort();
    expect(await empty.tags.repositories(FIRST_PAGE)).toEqual(sorted);
    expect(sorted.indexOf('a-b')).toBeLessThan(sorted.indexOf('a/b'));
    const paged: string[] = [];
    for (;;) {
      const found = await empty.tags.repositories({ after: paged.at(-1), limit: 5 });
      if (found.length === 0) break;
      paged.push(...found);
    }
    expect(paged).toEqual(sorted);
    expect(await empty.tags.repositories({ after: 'a.', limit: 2 })).toEqual(['a.b', 'a/b']);
  });

  it('stay listed without manifests', async () => {
    const { index: empty } = await shared.openEmpty();
    const repository = newRepository();
    const { digest } = await putManifest(empty, repository);
    await empty.manifests.remove(repository, digest, 'bob', 1);
    expect(await empty.tags.repositories(FIRST_PAGE)).toEqual([repository]);
  });
}
