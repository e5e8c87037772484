import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename, join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { type Certificate, makeCertificate } from '../support/certificates.ts';
import { type StorageDriver, startEngine } from '../support/engine.ts';
import { noteRest, PREPARED, type PreparedName } from '../support/prepared.ts';
import { makeRoot } from '../support/root.ts';
import { launch, type Server } from '../support/server.ts';
import { installPackages } from './packages.ts';

/** What is started once and used by every file. */
export interface Bed {
  /** DOCKER_HOST of the engine */
  readonly dockerHost: string;
  /** for everything that stores images in the run's folder */
  readonly storageDriver: StorageDriver;
  /** the walkthrough's certificate: RSA-4096 */
  readonly rsa: Certificate;
  readonly ec: Certificate;
  /** of somebody whom no registry trusts */
  readonly stranger: Certificate;
}

declare module 'vitest' {
  interface ProvidedContext {
    bed: Bed;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (process.getuid?.() !== 0) {
    throw new Error('The end-to-end tests start a docker engine and mount file systems: run them as root.');
  }
  installPackages();
  const root = makeRoot();
  const reaper = spawn(process.execPath, [join(import.meta.dirname, 'reaper.ts'), root], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const reaped = once(reaper, 'exit');
  const preparing = prepare(project, root);
  const end = async () => {
    await preparing?.kill();
    reaper.stdin.end();
    await reaped;
  };
  try {
    const [engine, rsa, ec, stranger] = await Promise.all([
      startEngine(),
      makeCertificate('RSA-4096'),
      makeCertificate('EC P-256'),
      makeCertificate('RSA-4096'),
    ]);
    process.stdout.write(`test bed: ${engine.description}; files in ${root}\n`);
    project.provide('bed', {
      dockerHost: engine.host,
      storageDriver: engine.storageDriver,
      rsa,
      ec,
      stranger,
    });
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}

/** Begins to get the programs that the chosen files need, with what the tests leave of the processors. */
function prepare(project: TestProject, root: string): Server | undefined {
  const chosen = new Set(project.vitest.state.getPaths().map((file) => basename(file)));
  const names = (Object.keys(PREPARED) as PreparedName[]).filter((name) => chosen.has(PREPARED[name]));
  if (names.length === 0) return undefined;
  const passed = Object.entries(process.env).filter(
    ([name]) => /^(?:BERTH_|GO)/.test(name) || name === 'HOME',
  );
  const env = { ...(Object.fromEntries(passed) as Record<string, string>), BERTH_E2E_ROOT: root };
  const script = join(import.meta.dirname, 'prepare.ts');
  const preparing = launch({
    name: 'prepare',
    command: 'nice',
    args: ['-n', '19', process.execPath, script, ...names],
    env,
  });
  void preparing.ended.then(() => noteRest(names));
  return preparing;
}
