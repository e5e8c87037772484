import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { type Cast, REPOSITORIES } from './actors.ts';
import { sha256 } from './images.ts';
import { Operations } from './operations.ts';
import type { Random } from './random.ts';
import type { Place } from './server.ts';
import type { World } from './world.ts';

const SWEPT_WITHIN_MS = 15_000;

interface CheckOptions {
  readonly world: World;
  readonly place: Place;
  readonly cast: Cast;
  readonly random: Random;
  /** Runs `berth` with these arguments. */
  readonly command: (...args: string[]) => Promise<{ code: number | null; output: string }>;
}

/**
 * Compares everything with the ledger, once nothing is under way: what was acknowledged and not deleted pulls whole,
 * what was deleted is gone, and after a collection without a grace time nothing else is there, not in the index and
 * not in the store.
 */
export async function checkEverything(options: CheckOptions): Promise<Record<string, number>> {
  const { world } = options;
  const compared = await compareTags(options);
  await cancelUploads(options);
  // The second has to find nothing more.
  for (const which of ['first', 'second']) {
    const { code, output } = await options.command(
      ...['garbage-collect', '-m', '--grace', '0', '--keep-deleted', '0', 'config.yml'],
    );
    if (code !== 0) world.find(`the ${which} collection at the end failed:\n${output}`);
    if (which === 'second' && !output.includes(' 0 blobs and 0 manifests eligible')) {
      world.find(`the second collection at the end found something that the first had left:\n${output}`);
    }
  }
  await compareTags(options);
  const stored = await compareStore(options);
  const verified = await options.command('verify', '--bandwidth', '0', '--orphans', 'config.yml');
  if (verified.code !== 0) world.find(`berth verify ended with ${verified.code}:\n${verified.output}`);
  return { ...compared, ...stored };
}

/** Each tag has a value that the ledger explains, and pulls whole. */
async function compareTags({ world, cast, random }: CheckOptions): Promise<Record<string, number>> {
  const operations = new Operations(world, random);
  let tags = 0;
  let present = 0;
  const listed = new Set<string>();
  for (const repository of REPOSITORIES) {
    const answer = await world.ask('list tags', 'GET', `/v2/${repository}/tags/list`);
    if (answer.status !== 200) continue;
    const { tags: names } = JSON.parse(answer.body.toString()) as { tags: string[] | null };
    for (const name of names ?? []) listed.add(`tag ${repository}:${name}`);
  }
  const families = new Map(cast.families.map((family) => [`tag ${family.repository}:${family.tag}`, family]));
  for (const register of world.ledger.registers('tag ')) {
    tags += 1;
    const [repository = '', tag = ''] = register.name.slice('tag '.length).split(':');
    const family = families.get(register.name);
    const referrers = (): readonly string[] =>
      family === undefined || family.isDying ? [] : family.referrers;
    const digest = await operations.pull(repository, tag, referrers);
    if (digest !== undefined) present += 1;
    if ((digest !== undefined) !== listed.has(register.name)) {
      world.find(`${register.name} is ${digest ?? 'not there'}, and the list of tags says otherwise`);
    }
    listed.delete(register.name);
  }
  for (const name of listed) world.find(`${name} is listed, and nobody ever set it`);
  return { tags, present };
}

/** What remains of uploads is known to the index, and lives a week; here it has to go. */
async function cancelUploads({ world, place }: CheckOptions): Promise<void> {
  const db = new Database(join(place.root, 'berth.db'), { readonly: true });
  const uploads = db
    .prepare(
      'SELECT uploads.id, name FROM uploads JOIN repositories ON repositories.id = uploads.repository_id',
    )
    .all() as { id: string; name: string }[];
  db.close();
  for (const { id, name } of uploads) {
    const answer = await world.ask('cancel upload', 'DELETE', `/v2/${name}/blobs/uploads/${id}`);
    if (answer.status !== 204)
      world.find(`the upload ${id} of ${name} cannot be cancelled: ${answer.status}`);
  }
}

interface Tables {
  readonly blobs: { digest: string; key: string; size: number }[];
  readonly unneededLinks: { name: string; digest: string }[];
  readonly unlinkedBlobs: { digest: string }[];
  readonly brokenLinks: { name: string; digest: string }[];
  readonly bodies: { digest: string; bytes: Buffer }[];
  readonly unusedBodies: { digest: string }[];
  readonly missingBodies: { digest: string }[];
  readonly unneededManifests: { name: string; digest: string }[];
  readonly leftovers: { what: string; key: string }[];
}

const IN_REPOSITORY = 'JOIN repositories ON repositories.id = repository_id';

/** Questions that name what must not be there. */
const TABLES: Readonly<Record<keyof Tables, string>> = {
  blobs: 'SELECT digest, key, size FROM blobs',
  unneededLinks: `SELECT name, digest FROM blob_links ${IN_REPOSITORY} WHERE NOT EXISTS (
    SELECT 1 FROM manifest_references AS part
    WHERE part.repository_id = blob_links.repository_id AND part.target = blob_links.digest)`,
  unlinkedBlobs: 'SELECT digest FROM blobs WHERE digest NOT IN (SELECT digest FROM blob_links)',
  brokenLinks: `SELECT name, digest FROM blob_links ${IN_REPOSITORY}
    WHERE digest NOT IN (SELECT digest FROM blobs)`,
  bodies: 'SELECT digest, bytes FROM manifest_bodies',
  unusedBodies: 'SELECT digest FROM manifest_bodies WHERE digest NOT IN (SELECT digest FROM manifests)',
  missingBodies: 'SELECT digest FROM manifests WHERE digest NOT IN (SELECT digest FROM manifest_bodies)',
  unneededManifests: `SELECT name, digest FROM manifests ${IN_REPOSITORY}
    WHERE NOT EXISTS (
      SELECT 1 FROM tags WHERE tags.repository_id = manifests.repository_id AND tags.digest = manifests.digest)
    AND NOT EXISTS (
      SELECT 1 FROM manifest_references AS part
      WHERE part.repository_id = manifests.repository_id AND part.target = manifests.digest)
    AND NOT EXISTS (
      SELECT 1 FROM manifests AS other
      WHERE other.repository_id = manifests.repository_id AND other.digest = manifests.subject)`,
  leftovers: `SELECT 'a discarded key' AS what, key FROM discarded_keys
    UNION ALL SELECT 'a part of an upload', key FROM upload_parts
    UNION ALL SELECT 'something in quarantine', digest FROM quarantine`,
};

function readTables(place: Place): Tables {
  const db = new Database(join(place.root, 'berth.db'), { readonly: true });
  try {
    const entries = Object.entries(TABLES).map(([name, sql]) => [name, db.prepare(sql).all()]);
    return Object.fromEntries(entries) as Tables;
  } finally {
    db.close();
  }
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(folder, 'content'), { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

/** The index and the store hold what the other needs, and nothing besides. */
async function compareStore({ world, place }: CheckOptions): Promise<Record<string, number>> {
  // The server removes what was discarded by itself.
  const untilMs = performance.now() + SWEPT_WITHIN_MS;
  let tables = readTables(place);
  while (tables.leftovers.length > 0 && performance.now() < untilMs) {
    await sleep(200);
    tables = readTables(place);
  }
  const { blobs, unneededLinks, unlinkedBlobs, brokenLinks, bodies, unusedBodies } = tables;
  for (const { name, digest } of unneededLinks)
    world.find(`${name} still holds ${digest}, which no manifest names`);
  for (const { digest } of unlinkedBlobs)
    world.find(`the index still has ${digest}, which no repository holds`);
  for (const { name, digest } of brokenLinks)
    world.find(`${name} holds ${digest}, which the index does not know`);
  for (const { digest } of unusedBodies) world.find(`the bytes of the manifest ${digest} are left over`);
  for (const { digest } of tables.missingBodies) world.find(`the manifest ${digest} has no bytes`);
  for (const { name, digest } of tables.unneededManifests) {
    world.find(`${name} still has the manifest ${digest}, which nothing keeps`);
  }
  for (const { what, key } of tables.leftovers) world.find(`${what} is left over: ${key}`);
  for (const { digest, bytes } of bodies) {
    if (sha256(bytes) !== digest) world.find(`the bytes of the manifest ${digest} are others`);
  }
  const files = new Set(filesBelow(place.root));
  let bytes = 0;
  for (const { digest, key, size } of blobs) {
    if (!files.delete(key)) {
      world.find(`the blob ${digest} has no bytes: ${key} is not there`);
      continue;
    }
    const content = readFileSync(join(place.root, key));
    bytes += content.length;
    if (content.length !== size || sha256(content) !== digest) {
      world.find(
        `the blob ${digest} of ${size} bytes is ${sha256(content)} of ${content.length} bytes: ${key}`,
      );
    }
  }
  for (const file of files) world.find(`nothing refers to ${file}, and it is still there`);
  return { blobs: blobs.length, bytes, manifests: bodies.length };
}
