import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ADMIN } from './support/accounts.ts';
import { type BerthServe, berthServe } from './support/berth.ts';
import { folder } from './support/root.ts';
import { run } from './support/run.ts';

/** The binary of the OCI conformance suite; the README tells how to build it. */
const SUITE = process.env['BERTH_CONFORMANCE'];

/** What Berth must be told for the suite: deletion, and manifests whose parts were never pushed. */
const SETTINGS = {
  REGISTRY_STORAGE_DELETE_ENABLED: 'true',
  REGISTRY_VALIDATION_MANIFESTS_INDEXES_PLATFORMS: 'none',
  REGISTRY_VALIDATION_MANIFESTS_BLOBS: 'none',
};

if (SUITE === undefined) {
  process.stderr.write('SKIPPED: conformance.test.ts, because BERTH_CONFORMANCE names no binary\n');
}

describe.skipIf(SUITE === undefined)('the OCI conformance suite, level dev', () => {
  const started: BerthServe[] = [];
  afterAll(async () => {
    for (const berth of started) await berth.stop();
  });

  test.each<[string, Record<string, string>, Record<string, string>]>([
    ['without authentication', { REGISTRY_AUTH: 'none' }, {}],
    [
      'with its own tokens',
      { BERTH_ADMIN_PASSWORD: ADMIN.password },
      { OCI_USERNAME: ADMIN.account, OCI_PASSWORD: ADMIN.password },
    ],
  ])('passes whole, with nothing skipped, %s', async (_, settings, credentials) => {
    const berth = await berthServe({ env: { ...SETTINGS, ...settings } });
    started.push(berth);
    const results = folder('conformance');
    const outcome = await run(SUITE ?? '', [], {
      env: {
        OCI_VERSION: 'dev',
        OCI_REGISTRY: `127.0.0.1:${berth.port}`,
        OCI_TLS: 'disabled',
        OCI_REPO1: 'conformance/one',
        OCI_REPO2: 'conformance/two',
        OCI_DATA_SPARSE: 'true',
        OCI_API_BLOBS_MOUNT_ANONYMOUS: 'true',
        OCI_RESULTS_DIR: results,
        ...credentials,
      },
    });
    const failed = outcome.all.split('\n').filter((line) => /: (FAIL|Error|Skip)$/.test(line));
    expect(failed).toEqual([]);
    expect(outcome.code, outcome.all.slice(-4_000)).toBe(0);
    const report = readFileSync(join(results, 'junit.xml'), 'utf8');
    expect(Number(/<testsuites[^>]* tests="(\d+)"/.exec(report)?.[1])).toBeGreaterThan(1_000);
  });
});
