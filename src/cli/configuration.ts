import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadRegistryConfig } from '../config/distribution.ts';
import type { RegistryConfig } from '../config/registry-config.ts';
import { IMAGE_PATHS } from '../config/search-path.ts';
import { CALLED_AS } from './called-as.ts';
import { Failure } from './failure.ts';
import { openExistingState, openState, type State } from './state.ts';

/**
 * Where to look for a configuration that nobody named. The program of the images is `registry`: under this name, which
 * a link gives it, Berth stands in for them and looks where they look. Under its own name it does not: a file in /etc
 * may belong to another registry on this machine.
 */
export function searchPathsOf(calledAs: string): readonly string[] {
  return calledAs === 'registry' ? IMAGE_PATHS : [];
}

/** `searchPathsOf` this process. */
export const SEARCH_PATHS: readonly string[] = searchPathsOf(CALLED_AS);

/**
 * The configuration of the registry, from the file that the command line names, or else where it is looked for.
 * @throws ConfigError
 */
export function loadConfiguration(file: string | undefined): ReturnType<typeof loadRegistryConfig> {
  return loadRegistryConfig({ file, env: process.env, searchPaths: SEARCH_PATHS });
}

/**
 * Opens the data folder of a registry, for a command that works on it beside the registry or alone. The caller closes
 * the index.
 * @param options.mayCreate makes the folder where there is none
 * @throws ConfigError, Failure
 */
export async function openConfiguredState(
  file: string | undefined,
  options: { mayCreate?: boolean } = {},
): Promise<State & { readonly config: RegistryConfig }> {
  const { config } = loadConfiguration(file);
  const { storage } = config;
  if (storage.isTemporary)
    throw new Failure('with storage: inmemory, only the running registry knows its data');
  const open = options.mayCreate === true ? openState : openExistingState;
  return { config, ...(await open(storage.rootDirectory)) };
}

/**
 * The configuration with a data folder that is there to stay for as long as the registry runs: the one that it names,
 * or, with the driver `inmemory`, a new one, which `remove` takes away.
 */
export async function withDataFolder(
  config: RegistryConfig,
): Promise<{ config: RegistryConfig; remove: () => Promise<void> }> {
  if (!config.storage.isTemporary) return { config, remove: () => Promise.resolve() };
  const rootDirectory = await mkdtemp(join(tmpdir(), 'berth-inmemory-'));
  return {
    config: { ...config, storage: { ...config.storage, rootDirectory } },
    remove: () => rm(rootDirectory, { recursive: true, force: true }),
  };
}
