import type { OriginalTree, TreeEntry } from '../../content/original-tree.ts';
import { type Digest, isDigest } from '../../oci/digest.ts';
import type { Findings } from './findings.ts';

/** A link is a digest; sha512's is the longest. */
const MAX_LINK_BYTES = 256;

/** So many files are read at the same time. */
export const AT_ONCE = 16;

/** A file that holds a digest. */
export interface Link {
  readonly path: string;
  readonly digest: Digest;
  /** When it was written. */
  readonly atMs: number;
}

/** What is read of a tree, and where what is odd in it is noted. */
export interface Reading {
  readonly tree: OriginalTree;
  readonly found: Findings;
}

/** The folders in a folder; whatever else is there is noted. None where there is no such folder. */
export async function foldersOf({ tree, found }: Reading, path: string): Promise<TreeEntry[]> {
  const entries = (await found.orNote(tree.list(path))) ?? [];
  for (const entry of entries) if (entry.kind !== 'folder') noteOdd(found, path, entry);
  return entries.filter((entry) => entry.kind === 'folder');
}

/** Notes an entry that no registry puts there. */
export function noteOdd(found: Findings, folder: string, { name, kind }: TreeEntry): void {
  const path = `${folder}/${name}`;
  if (kind === 'link') found.add('symbolic-link', path);
  else if (kind === 'file' && name.endsWith('.tmp')) found.add('leftover', path);
  else found.add('foreign', path);
}

/** Notes what stands beside a link that tells nothing: what a crash left explains it. */
async function noteBeside({ tree, found }: Reading, folder: string): Promise<void> {
  for (const entry of (await found.orNote(tree.list(folder))) ?? []) {
    // Signatures of schema 1 lie beside the link of their manifest.
    if (entry.name !== 'link' && entry.name !== 'signatures') noteOdd(found, folder, entry);
  }
}

/** The link in a folder; undefined where there is none that tells anything. */
export async function linkIn(reading: Reading, folder: string): Promise<Link | undefined> {
  const { tree, found } = reading;
  const path = `${folder}/link`;
  const file = await found.orFault(tree.read(path, MAX_LINK_BYTES));
  if (file === 'fault') return undefined;
  const text = file === undefined ? '' : Buffer.from(file.bytes).toString('latin1').trim();
  if (file !== undefined && isDigest(text)) return { path, digest: text, atMs: file.atMs };
  if (text === '') found.add('empty-link', path, file === undefined ? 'there is no such file' : '');
  else found.add('bad-link', path, JSON.stringify(text.slice(0, 100)));
  await noteBeside(reading, folder);
  return undefined;
}

/** All links of the form `<algorithm>/<hex>/link` in a folder. */
export async function linksBelow(reading: Reading, folder: string): Promise<Link[]> {
  const links: Link[] = [];
  for (const algorithm of await foldersOf(reading, folder)) {
    const names = await foldersOf(reading, `${folder}/${algorithm.name}`);
    for (const some of batches(names, AT_ONCE)) {
      const read = await Promise.all(
        some.map(({ name }) => linkIn(reading, `${folder}/${algorithm.name}/${name}`)),
      );
      some.forEach(({ name }, position) => {
        const link = read[position];
        if (link === undefined) return;
        // Its content counts: distribution links a blob pushed by another digest to its sha256.
        if (link.digest !== `${algorithm.name}:${name}`) reading.found.add('alias', link.path, link.digest);
        links.push(link);
      });
    }
  }
  return links;
}

export function* batches<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += size) yield all.slice(from, from + size);
}

/** By digest, the latest of each. */
export function latestOf(links: readonly Link[]): Map<Digest, Link> {
  const latest = new Map<Digest, Link>();
  for (const link of links) {
    const other = latest.get(link.digest);
    if (other === undefined || other.atMs < link.atMs) latest.set(link.digest, link);
  }
  return latest;
}
