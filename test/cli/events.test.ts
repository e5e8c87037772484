import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from '../support/berth-process.ts';
import { OCI_INDEX } from '../support/oci-content.ts';

const ENDPOINTS =
  '[{name: hook, url: "http://me:s3cret@127.0.0.1:1/s3cret", headers: {X-Key: [s3cret]}, threshold: 1}]';

describe('berth events', () => {
  let place: Workplace;
  beforeAll(() => {
    place = new Workplace();
  });
  afterAll(() => place.clear());

  it('says what is wrong with what it is told', { timeout: 30_000 }, async () => {
    const [none, which, since, limit] = await Promise.all([
      place.run(['events', 'list']),
      place.run(['events', 'replay']),
      place.run(['events', 'list', '--since', 'yesterday']),
      place.run(['events', 'list', '--limit', '0']),
    ]);
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('no data folder') });
    expect(which).toMatchObject({ code: 1, stderr: expect.stringContaining('say which: --parked') });
    expect(since).toMatchObject({ code: 1, stderr: expect.stringContaining('"yesterday" is no time') });
    expect(limit).toMatchObject({ code: 1, stderr: expect.stringContaining('--limit') });
  });

  it('shows and replays the queue beside a running registry, which logs no secret', {
    timeout: 40_000,
  }, async () => {
    const env = { REGISTRY_AUTH: 'none', REGISTRY_NOTIFICATIONS_ENDPOINTS: ENDPOINTS };
    const { process, url } = await place.serve(env);
    const body = JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] });
    const headers = { 'content-type': OCI_INDEX };
    const answer = await fetch(`${url}/v2/team/app/manifests/v1`, { method: 'PUT', body, headers });
    expect(answer.status).toBe(201);
    await expect.poll(() => process.stdout + process.stderr, { timeout: 10_000 }).toContain('ECONNREFUSED');

    const list = await place.run(['events', 'list', '--endpoint', 'hook'], { env });
    expect(list.stdout).toMatch(
      /^\S+Z\thook\tpending\tpush\tteam\/app:v1\t[\w-]{36}\t(1 attempt|\d+ attempts): the endpoint could not be reached \(ECONNREFUSED\)\n$/,
    );
    expect((await place.run(['events', 'list', '--parked'], { env })).stdout).toBe('There are no events.\n');
    const unknown = await place.run(['events', 'replay', '--parked', '--endpoint', 'hok'], { env });
    expect(unknown).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no endpoint "hok"; there is hook'),
    });
    const replay = await place.run(['events', 'replay', '--since', '1h', '--endpoint', 'hook'], { env });
    expect(replay).toMatchObject({ code: 0, stdout: expect.stringContaining('0 deliveries') });

    const { stdout, stderr, code } = await process.stop();
    expect(code).toBe(0);
    for (const text of [stdout, stderr, list.stdout]) expect(text).not.toContain('s3cret');
  });
});
