import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { root } from './root.ts';
import { type Outcome, run } from './run.ts';

/** It has what the tests leave of the processors. */
const TIMEOUT_MS = 1_200_000;

/** Where programs are that `goInstall` built, and what Go keeps; all builds of a run share it. */
const place = (): string => join(root(), 'go');

/** Runs Go. @returns undefined where there is none, or it fails */
export async function go(args: readonly string[], cwd?: string): Promise<Outcome | undefined> {
  const env = {
    PATH: `${process.env['PATH']}:/usr/local/go/bin`,
    GOPATH: process.env['GOPATH'] ?? place(),
    GOBIN: join(place(), 'bin'),
    GOCACHE: process.env['GOCACHE'] ?? join(place(), 'cache'),
    GOFLAGS: '-modcacherw',
  };
  const options = { env, timeout: TIMEOUT_MS, ...(cwd !== undefined && { cwd }) };
  const outcome = await run('go', args, options).catch(() => undefined);
  return outcome?.code === 0 ? outcome : undefined;
}

/**
 * A program that is there already, by the variable that names it, in PATH or in ~/go/bin, or that Go builds now.
 * @param module with the version
 * @returns undefined where there is none to be had
 */
export async function goProgram(variable: string, name: string, module: string): Promise<string | undefined> {
  const places = [...(process.env['PATH'] ?? '').split(':'), join(homedir(), 'go/bin')];
  const known = [process.env[variable], ...places.map((folder) => join(folder, name))];
  const found = known.find((file) => file !== undefined && existsSync(file));
  if (found !== undefined) return found;
  const built = await go(['install', module]);
  const file = join(place(), 'bin', name);
  return built !== undefined && existsSync(file) ? file : undefined;
}
