import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A defect as it is put into a source file when that is loaded; nothing is changed on the disk. */
export interface Defect {
  /** Below `src/`. */
  readonly file: string;
  readonly replace: string;
  readonly by: string;
}

/** Defects that a run has to find, by name. */
export const DEFECTS: Readonly<Record<string, readonly Defect[]>> = {
  /** Bytes are acknowledged that a loss of power takes. */
  'no-sync': [{ file: 'content/fs/writer.ts', replace: 'await file.datasync();', by: 'await undefined;' }],
  /** A file is acknowledged whose name a loss of power takes. */
  'no-folder-sync': [
    {
      file: 'content/fs/writer.ts',
      replace: 'await syncFolder(dirname(this.#path));',
      by: 'void syncFolder;',
    },
  ],
  /** A removed file is forgotten before a loss of power can no longer bring it back. */
  'no-removal-sync': [
    { file: 'content/fs/open.ts', replace: 'await removals.sync(dirname(path));', by: 'void removals;' },
  ],
  /** A push removes the bytes that it replaces before the index says so. */
  'key-before-row': [
    {
      file: 'registry/uploads.ts',
      replace: 'const { key, sizeBytes } = part.writer;',
      by: `const { key, sizeBytes } = part.writer;
      const old = await this.#deps.index.integrity.blob(digest);
      if (old !== undefined) {
        await this.#deps.content.remove(old.key);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }`,
    },
  ],
  /** A manifest is acknowledged before it is committed. */
  'early-acknowledgement': [
    {
      file: 'index/sql/sql-index.ts',
      replace: "put: (received) => transact('putManifest', received),",
      by: `put: async (received) => {
        setTimeout(() => transact('putManifest', received).catch(() => undefined), 100);
        return { outcome: 'stored' };
      },`,
    },
  ],
  /** The collector believes what it scanned, whatever came since. */
  'no-recheck': [
    {
      file: 'index/sql/garbage-removals.ts',
      replace: `     AND NOT EXISTS (
       SELECT 1 FROM manifest_references
       WHERE manifest_references.repository_id = :repository AND manifest_references.target = blob_links.digest
     )`,
      by: '',
    },
    {
      file: 'lifecycle/collect/collect-garbage.ts',
      replace: 'const gone = await this.#write(blobs, (note) => garbage.removeLinks',
      by: `await new Promise((resolve) => setTimeout(resolve, 600));
      const gone = await this.#write(blobs, (note) => garbage.removeLinks`,
    },
  ],
  /** A blob is served without its last byte, as if it were whole. */
  'truncated-blob': [
    {
      file: 'registry/blobs.ts',
      replace: '? this.#content.read(key, { first: 0, last: sizeBytes - 1 })',
      by: '? this.#content.read(key, { first: 0, last: sizeBytes - 2 })',
    },
    {
      file: 'registry/blobs.ts',
      replace: 'return content && { sizeBytes, content };',
      by: 'return content && { sizeBytes: sizeBytes - 1, content };',
    },
  ],
  /** A deleted tag stays. */
  'lost-deletion': [
    {
      file: 'index/sql/tags.ts',
      replace: '  await session.run(DELETE, { repository, tag });\n  await addTagEvent',
      by: '  if (tag.length % 2 === 0) await session.run(DELETE, { repository, tag });\n  await addTagEvent',
    },
  ],
  /** Bytes are forgotten and not removed. */
  leak: [
    {
      file: 'lifecycle/remove-discarded.ts',
      replace: 'deps.content.remove(key).then(',
      by: '(key.endsWith("7") ? Promise.resolve() : deps.content.remove(key)).then(',
    },
  ],
};

/** The module that plants a defect into the process that loads it; undefined for none. */
export function plantedModule(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  if (!(name in DEFECTS))
    throw new Error(`there is no defect ${name}; there are ${Object.keys(DEFECTS).join(', ')}`);
  return `${pathToFileURL(join(import.meta.dirname, 'plant.ts')).href}?${name}`;
}
