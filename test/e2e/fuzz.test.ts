import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');

it('twenty seconds of hostile connections: no crash, no leak, no fault (npm run fuzz goes on for longer)', async () => {
  const { code, stdout } = await new Promise<{ code: number | null; stdout: string }>((ended) => {
    const child = execFile(
      process.execPath,
      ['test/fuzz/run.ts', '--minutes', String(20 / 60)],
      { cwd: ROOT },
      (_error, output) => ended({ code: child.exitCode, stdout: output }),
    );
  });
  expect(stdout).toContain('nothing was found');
  expect(code).toBe(0);
}, 240_000);
