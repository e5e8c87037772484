import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { shellScript } from '../../test/support/script.ts';
import { testFolder } from '../../test/support/test-folder.ts';
import { runProgram } from './run-program.ts';

/** Processes whose command line holds a text. */
function processesOf(text: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
      } catch {
        return false;
      }
    });
}

async function start(lines: readonly string[], more: { input?: string; timeoutMs?: number } = {}) {
  const folder = await testFolder();
  const command = shellScript(folder, 'program', lines);
  const run = {
    command,
    args: ['an argument'],
    env: { PATH: process.env['PATH'] },
    input: '',
    timeoutMs: 10_000,
  };
  return { folder, command, program: runProgram({ ...run, ...more }) };
}

describe('a program', () => {
  test('is told on its standard input, and answers by exit code and output', async () => {
    const { program } = await start(['read -r line', 'echo "$line|$1"', 'echo oops >&2', 'exit 7'], {
      input: 'alice secret',
    });
    expect(await program.ended).toEqual({
      ...{ kind: 'exited', code: 7, stdout: 'alice secret|an argument\n', stderr: 'oops\n' },
    });
  });

  test('need not read what it is told', async () => {
    const { program } = await start(['exit 1'], { input: 'x'.repeat(1_000_000) });
    expect(await program.ended).toMatchObject({ kind: 'exited', code: 1 });
  });

  test('whose time is over is killed, with all that it started', async () => {
    const { program, folder } = await start(['sh -c "sleep 61.25; exit" "$0" &', 'sleep 61.25'], {
      timeoutMs: 300,
    });
    const began = performance.now();
    expect(await program.ended).toMatchObject({ kind: 'failed', reason: 'it did not answer within 300 ms' });
    expect(performance.now() - began).toBeLessThan(10_000);
    await expect.poll(() => processesOf(folder)).toEqual([]);
    await expect.poll(() => processesOf('61.25')).toEqual([]);
  });

  test('that ends leaves nobody behind, and is not waited for beyond that', async () => {
    // What stays in the background holds the pipes.
    const { program, folder } = await start(['sh -c "sleep 62.25; exit" "$0" &', 'echo "{}"']);
    expect(await program.ended).toMatchObject({ kind: 'exited', code: 0, stdout: '{}\n' });
    await expect.poll(() => processesOf(folder)).toEqual([]);
  });

  test('that goes on in a session of its own does not hold the answer up', async () => {
    const { program } = await start(['setsid sleep 3.25 &', 'sleep 0.2', 'echo done']);
    const began = performance.now();
    expect(await program.ended).toMatchObject({ kind: 'exited', code: 0, stdout: 'done\n' });
    expect(performance.now() - began).toBeLessThan(3_000);
  });

  test('that writes without end is killed', async () => {
    const { program, folder } = await start(['yes']);
    expect(await program.ended).toMatchObject({ kind: 'failed', reason: 'it wrote more than 64 KiB' });
    await expect.poll(() => processesOf(folder)).toEqual([]);
  });

  test('that complains without end is let go on, and so much is kept', async () => {
    const { program } = await start(['head -c 1000000 /dev/zero >&2', 'exit 2']);
    const end = await program.ended;
    expect(end).toMatchObject({ kind: 'exited', code: 2 });
    expect(end.stderr).toHaveLength(64 * 1024);
  });

  test('that is ended by a signal gave no answer', async () => {
    const { program } = await start(['kill -9 $$']);
    expect(await program.ended).toMatchObject({ kind: 'failed', reason: 'it was ended by SIGKILL' });
  });

  test('that cannot be started gave no answer', async () => {
    const run = { args: [], env: {}, input: 'x', timeoutMs: 1_000 };
    expect(existsSync('/nowhere/program')).toBe(false);
    const program = runProgram({ ...run, command: '/nowhere/program' });
    expect(await program.ended).toMatchObject({
      ...{ kind: 'failed', reason: 'it could not be started (ENOENT)' },
    });
  });

  test('for which no file can be opened any more is a failure, and not the end of Berth', async () => {
    const folder = await testFolder();
    const script = join(folder, 'starved.ts');
    writeFileSync(
      script,
      `import { openSync } from 'node:fs';
      import { runProgram } from ${JSON.stringify(join(import.meta.dirname, 'run-program.ts'))};
      const run = () => runProgram({ command: '/bin/true', args: [], env: {}, input: 'x', timeoutMs: 5_000 }).ended;
      console.log(JSON.stringify(await run()));
      try { for (;;) openSync('/dev/null', 'r'); } catch {}
      console.log(JSON.stringify(await run()));
      await new Promise((later) => setTimeout(later, 50));`,
    );
    const limited = ['-c', 'ulimit -n 64 && exec "$@"', 'sh', process.execPath, script];
    const said = execFileSync('/bin/sh', limited, { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(said[0]).toMatchObject({ kind: 'exited', code: 0 });
    expect(said[1]).toMatchObject({ kind: 'failed', reason: 'it could not be started (EMFILE)' });
  });

  test('is killed when it is asked for', async () => {
    const { program, folder } = await start(['sleep 63.25', 'exit 0']);
    program.kill('enough');
    expect(await program.ended).toMatchObject({ kind: 'failed', reason: 'enough' });
    await expect.poll(() => processesOf(folder)).toEqual([]);
  });
});
