import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe } from 'vitest';
import { originalTreeContract } from '../../../test/contract/original-tree.ts';
import { newFolder, removeFolder } from '../../../test/support/folders.ts';
import { FsOriginalTree } from './original-tree.ts';

describe('the tree of registry:2 on the file system', () => {
  originalTreeContract(async () => {
    const folder = await newFolder();
    const root = join(folder, 'docker/registry/v2');
    const tree = new FsOriginalTree(folder);
    return {
      tree,
      write(path, content, atMs) {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        writeFileSync(join(root, path), content);
        utimesSync(join(root, path), atMs / 1000, atMs / 1000);
      },
      link: (path, target) => symlinkSync(join(root, target), join(root, path)),
      makeCache: () => writeFileSync(join(folder, 'scheduler-state.json'), '{}'),
      async remove() {
        await tree.close();
        await removeFolder(folder);
      },
    };
  });
});
