import { createHash, randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import type { Bench } from '../context.ts';
import { Pair, withPair } from '../pair.ts';
import { cpuSeconds } from '../proc.ts';
import { type Metric, type Outcome, pick, type Row } from '../row.ts';
import type { RunningServer } from '../server/server.ts';
import { signToken } from '../tokens.ts';

const REPOSITORY = 'bench/push';
const PUSHERS = 8;
const MANIFEST_TYPE = 'application/vnd.docker.distribution.manifest.v2+json';

/** The last of a hundred is the one that decides. */
const RULES = JSON.stringify([
  ...Array.from({ length: 99 }, (_, number) => ({
    match: `team-${number}/**`,
    immutabletags: ['v*', '/^release-[0-9]+$/'],
    quota: { maxbytes: '50GB', maxtags: 1000 },
  })),
  { match: 'bench/**', immutabletags: ['v*'], quota: { maxbytes: '1TB', maxtags: 1_000_000 } },
]);

interface Pushes {
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
}

/** Without and with rules; the real registry has none. */
interface Measured {
  readonly plain: Pushes;
  readonly ruled: Pushes;
}

function sha256(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Sends a request and reads its answer. @returns its Location */
function send(
  agent: Agent,
  port: number,
  {
    method,
    path,
    token,
    type,
    body,
  }: Record<'method' | 'path' | 'token' | 'type', string> & { body: Buffer },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': type,
      'content-length': String(body.length),
    };
    const sent = request({ agent, host: '127.0.0.1', port, method, path, headers }, (answer) => {
      answer.resume();
      answer.on('error', reject);
      answer.on('end', () => {
        const { statusCode = 0 } = answer;
        if (statusCode < 300) resolve(answer.headers.location ?? '');
        else reject(new Error(`${method} ${path} → ${statusCode}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** An image that is nothing but its config: an upload, and a manifest under a tag that moves. */
async function pushOne(agent: Agent, port: number, token: string, tag: string): Promise<void> {
  const config = Buffer.from(JSON.stringify({ id: randomBytes(16).toString('hex') }));
  const type = 'application/octet-stream';
  const begin = `/v2/${REPOSITORY}/blobs/uploads/`;
  const location = await send(agent, port, {
    method: 'POST',
    path: begin,
    token,
    type,
    body: Buffer.alloc(0),
  });
  const upload = new URL(location, `http://127.0.0.1:${port}`);
  upload.searchParams.set('digest', sha256(config));
  const path = upload.pathname + upload.search;
  await send(agent, port, { method: 'PUT', path, token, type, body: config });
  const descriptor = { mediaType: type, size: config.length, digest: sha256(config) };
  const manifest = { schemaVersion: 2, mediaType: MANIFEST_TYPE, config: descriptor, layers: [] };
  await send(agent, port, {
    ...{ method: 'PUT', path: `/v2/${REPOSITORY}/manifests/${tag}`, token, type: MANIFEST_TYPE },
    body: Buffer.from(JSON.stringify(manifest)),
  });
}

async function measure(server: RunningServer, token: string, seconds: number): Promise<Pushes> {
  const agent = new Agent({ keepAlive: true, maxSockets: PUSHERS });
  const before = cpuSeconds(server.pid);
  const begun = performance.now();
  let count = 0;
  try {
    await Promise.all(
      Array.from({ length: PUSHERS }, async (_, pusher) => {
        while (performance.now() - begun < seconds * 1000) {
          await pushOne(agent, server.port, token, `t${pusher}`);
          count += 1;
        }
      }),
    );
  } finally {
    agent.destroy();
  }
  const took = (performance.now() - begun) / 1000;
  return { perSecond: count / took, cpuMicroseconds: ((cpuSeconds(server.pid) - before) / count) * 1e6 };
}

async function run(bench: Bench): Promise<Outcome> {
  const token = await signToken(bench.key, REPOSITORY);
  const { rounds, seconds } = bench.options.effort;
  const ruled = await bench.berth.start({ environment: { REGISTRY_REPOSITORIES: RULES } });
  try {
    return await withPair(Pair.registries(bench), async (pair) => {
      await measure(ruled, token, 1);
      await pair.each(async (server) => void (await measure(server, token, 1)));
      let round = 0;
      const samples = await pair.rounds(rounds, async (server, side): Promise<Measured> => {
        if (side === 'peer') {
          const only = await measure(server, token, seconds);
          return { plain: only, ruled: only };
        }
        round += 1;
        if (round % 2 === 1) {
          return {
            plain: await measure(server, token, seconds),
            ruled: await measure(ruled, token, seconds),
          };
        }
        const first = await measure(ruled, token, seconds);
        return { plain: await measure(server, token, seconds), ruled: first };
      });
      const metrics = (['plain', 'ruled'] as const).flatMap((kind): Metric[] => {
        const label = kind === 'plain' ? '' : ', 100 rules';
        return [
          {
            ...{ label: `rate${label}`, unit: 'pushes/s', better: 'more' },
            samples: pick(samples, (measured) => measured[kind].perSecond),
          },
          {
            ...{ label: `server CPU${label}`, unit: 'µs/push', better: 'less' },
            samples: pick(samples, (measured) => measured[kind].cpuMicroseconds),
          },
        ];
      });
      return { metrics, failures: pair.failures };
    });
  } finally {
    await ruled.stop();
  }
}

/** Pushes of the smallest image by eight clients; Berth without rules, and with a hundred of them and quotas. */
export const push: Row = { id: 'push', title: 'push of a small image, 8 clients', run };
