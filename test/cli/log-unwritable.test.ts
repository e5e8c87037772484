import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';

it.skipIf(process.platform !== 'linux')('a log that cannot be written does not end the server', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'berth-log-'));
  const child = spawn(join(import.meta.dirname, '../../bin/berth'), ['serve'], {
    cwd: folder,
    env: { ...process.env, REGISTRY_HTTP_ADDR: '127.0.0.1:0', BERTH_ADMIN_PASSWORD: 'x' },
    stdio: ['ignore', 'pipe', openSync('/dev/full', 'w')],
  });
  try {
    const url = await new Promise<string>((resolve, reject) => {
      let said = '';
      child.stdout?.on('data', (bytes: Buffer) => {
        said += bytes.toString();
        const found = /ready at (http:\/\/\S+)/.exec(said)?.[1];
        if (found !== undefined) resolve(found);
      });
      child.once('exit', (code) => reject(new Error(`ended with ${code}`)));
    });
    expect((await fetch(`${url}/v2/`)).status).toBe(401);
    // Longer than lines are gathered before they are written.
    await sleep(400);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  } finally {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill();
    await ended;
    await rm(folder, { recursive: true });
  }
});
