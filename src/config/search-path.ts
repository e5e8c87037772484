import { existsSync } from 'node:fs';
import type { Environment } from './environment.ts';

/** Where the images of registry:3 and registry:2 have their configuration; the newer one first. */
export const IMAGE_PATHS: readonly string[] = [
  '/etc/distribution/config.yml',
  '/etc/docker/registry/config.yml',
];

/** Names the configuration where the command line does not. */
export const PATH_VARIABLE = 'REGISTRY_CONFIGURATION_PATH';

/** Where to look for the configuration of the registry. */
export interface ConfigurationPath {
  /** What the command line names. */
  readonly file?: string | undefined;
  readonly env: Environment;
  /** Looked at when neither the command line nor the environment names a file; none if not given. */
  readonly searchPaths?: readonly string[] | undefined;
}

/**
 * The file to read; undefined: there is none, and the built-in configuration holds. `passedOver` are files of the
 * search path that are there as well and are not read.
 */
export function findConfiguration({ file, env, searchPaths = [] }: ConfigurationPath): {
  readonly file: string | undefined;
  readonly passedOver: readonly string[];
} {
  // An empty variable is how compose files say that there is none.
  const named = file ?? (env[PATH_VARIABLE] || undefined);
  if (named !== undefined) return { file: named, passedOver: [] };
  const [found, ...passedOver] = searchPaths.filter((path) => existsSync(path));
  return { file: found, passedOver };
}
