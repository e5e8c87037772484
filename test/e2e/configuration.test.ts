import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { BERTH } from './support/berth.ts';
import { answers } from './support/http.ts';
import { folder } from './support/root.ts';
import { freePort, launch } from './support/server.ts';

/*
 * The environment rule, beside the real registry 2.8: the same file and the same variables, and what comes of them over
 * HTTP. Where the two differ, the case says so, and check-config says it to the user.
 */

/** What can be seen of a registry from outside. */
interface Seen {
  readonly starts: boolean;
  /** Status of a POST that begins an upload, and of a DELETE of a manifest that is not there. */
  readonly push?: number;
  readonly remove?: number;
  readonly headers?: Record<string, string | null>;
}

const PROGRAMS = { registry2: '/usr/bin/docker-registry', berth: BERTH };
const ABSENT = `sha256:${'0'.repeat(64)}`;

async function see(program: keyof typeof PROGRAMS, yaml: string, env: Record<string, string>): Promise<Seen> {
  const place = folder(`quirk-${program}`);
  const config = join(place, 'config.yml');
  const port = await freePort();
  writeFileSync(
    config,
    `version: 0.1\nhttp: {addr: 127.0.0.1:${port}, headers: {X-A: [file]}}\n${yaml.replace('DATA', join(place, 'data'))}`,
  );
  const server = launch({
    name: program,
    command: PROGRAMS[program],
    args: ['serve', config],
    env,
    cwd: place,
  });
  const url = `http://127.0.0.1:${port}/v2/`;
  try {
    while (!(await answers(url))) {
      if (!server.running()) return { starts: false };
      await sleep(25);
    }
    const [base, push, remove] = await Promise.all([
      fetch(url),
      fetch(`${url}a/blobs/uploads/`, { method: 'POST' }),
      fetch(`${url}a/manifests/${ABSENT}`, { method: 'DELETE' }),
    ]);
    const headers = { 'x-a': base.headers.get('x-a'), 'x-b': base.headers.get('x-b') };
    return { starts: true, push: push.status, remove: remove.status, headers };
  } finally {
    await server.kill();
  }
}

const FILE = 'storage: {filesystem: {rootdirectory: DATA}}\n';
const READ_ONLY_OFF =
  'storage: {filesystem: {rootdirectory: DATA}, maintenance: {readonly: {enabled: false}}}\n';
const PLAIN: Seen = { starts: true, push: 202, remove: 405, headers: { 'x-a': 'file', 'x-b': null } };
const NO_START: Seen = { starts: false };
const READ_ONLY: Seen = { ...PLAIN, push: 405 };

interface Quirk {
  readonly yaml?: string;
  readonly env: Record<string, string>;
  readonly both?: Seen;
  readonly registry2?: Seen;
  readonly berth?: Seen;
}

const QUIRKS: Readonly<Record<string, Quirk>> = {
  'nothing but the file': { env: {}, both: PLAIN },
  'deletion by a variable': {
    env: { REGISTRY_STORAGE_DELETE_ENABLED: 'true' },
    both: { ...PLAIN, remove: 404 },
  },
  'deletion by a quoted "true"': {
    env: { REGISTRY_STORAGE_DELETE_ENABLED: '"true"' },
    registry2: PLAIN,
    berth: NO_START,
  },
  'read-only mode by a section in a variable': {
    env: { REGISTRY_STORAGE_MAINTENANCE_READONLY: '{enabled: true}' },
    both: READ_ONLY,
  },
  'read-only mode by a single variable': {
    env: { REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED: 'true' },
    registry2: NO_START,
    berth: READ_ONLY,
  },
  'read-only mode by a single variable over the section of the file': {
    yaml: READ_ONLY_OFF,
    env: { REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED: 'true' },
    registry2: PLAIN,
    berth: READ_ONLY,
  },
  'two storage drivers': { env: { REGISTRY_STORAGE_INMEMORY: '{}' }, both: NO_START },
  'a driver in the place of the one of the file': { env: { REGISTRY_STORAGE: 'inmemory' }, both: PLAIN },
  'a section before what adds to it': {
    env: { REGISTRY_STORAGE: 'inmemory', REGISTRY_STORAGE_DELETE_ENABLED: 'true' },
    both: { ...PLAIN, remove: 404 },
  },
  'headers in one variable, and one more beside them': {
    env: { REGISTRY_HTTP_HEADERS: '{X-A: [variable]}', 'REGISTRY_HTTP_HEADERS_X-B': '[b]' },
    both: { ...PLAIN, headers: { 'x-a': 'variable', 'x-b': 'b' } },
  },
  'a header of the file, set directly, is sent twice': {
    env: { 'REGISTRY_HTTP_HEADERS_X-A': '[variable]' },
    both: {
      ...PLAIN,
      headers: { 'x-a': expect.stringMatching(/^(file, variable|variable, file)$/), 'x-b': null },
    },
  },
  'unknown variables, small letters, a version': {
    env: {
      REGISTRY_HTTP_ADDRESS: ':1',
      REGISTRY_http_addr: ':1',
      REGISTRY_VERSION: '0.2',
      REGISTRY_PORT: 'tcp://1',
    },
    both: PLAIN,
  },
  'a variable of a Service called registry-auth': {
    env: { REGISTRY_AUTH_PORT: 'tcp://10.0.0.1:1' },
    both: NO_START,
  },
  'a quoted number': { env: { REGISTRY_CATALOG_MAXENTRIES: '"5"' }, both: NO_START },
  'an unknown kind of cache': { env: { REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR: 'disabled' }, both: PLAIN },
  'auth: none': { env: { REGISTRY_AUTH: 'none' }, both: PLAIN },
  'an empty REGISTRY_AUTH': { env: { REGISTRY_AUTH: '' }, registry2: PLAIN, berth: NO_START },
};

describe('the environment rule beside registry 2.8', () => {
  for (const [name, { yaml = FILE, env, both, registry2 = both, berth = both }] of Object.entries(QUIRKS)) {
    test(name, async () => {
      const [theirs, ours] = await Promise.all([see('registry2', yaml, env), see('berth', yaml, env)]);
      expect({ registry2: theirs, berth: ours }).toEqual({ registry2, berth });
    });
  }
});
