import { type Place, throwIfAny } from './config-error.ts';
import { Decoding } from './decoding.ts';
import { ConfigDocument, type Loaded } from './document.ts';
import { applyEnvironment, type Environment } from './environment.ts';
import { type ConfigNode, isNull, mapNode } from './node.ts';
import { readText } from './read-text.ts';
import type { RegistryConfig } from './registry-config.ts';
import { registrySchema } from './registry-schema.ts';
import { parseYaml } from './yaml.ts';
import { type Defaults, dropReplacedDefaults, zeroConfiguration } from './zero-configuration.ts';

export interface RegistrySources {
  /** Path of config.yml; without one, `REGISTRY_CONFIGURATION_PATH` decides. */
  readonly file?: string | undefined;
  readonly env: Environment;
  /** What holds when there is no file at all. */
  readonly defaults?: Defaults;
}

const PATH_VARIABLE = 'REGISTRY_CONFIGURATION_PATH';
const VERSION_VARIABLE = 'REGISTRY_VERSION';
const RULE = { prefix: 'REGISTRY_', reserved: new Set([PATH_VARIABLE, VERSION_VARIABLE]) };

/**
 * Reads the configuration of `berth serve`: distribution's config.yml, changed by `REGISTRY_*` variables,
 * with distribution's defaults. Without a file the built-in configuration is changed by the variables; a
 * kind of authentication chosen by them replaces Berth's own.
 *
 * @throws ConfigError with every problem found
 */
export function loadRegistryConfig(sources: RegistrySources): Loaded<RegistryConfig> {
  // An empty variable is how compose files say that there is none.
  const file = sources.file ?? (sources.env[PATH_VARIABLE] || undefined);
  if (file !== undefined) return parseRegistryConfig(readText(file), file, sources.env);
  const base = zeroConfiguration(sources.defaults ?? {});
  const { root, notices } = applyEnvironment(base, registrySchema, sources.env, RULE);
  const chosen = root.kind === 'map' ? dropReplacedDefaults(root) : root;
  return decode(chosen, { kind: 'built-in' }, [...notices, ...versionNotice(sources.env)]);
}

/** The same for a text already read; `file` is for messages. */
export function parseRegistryConfig(text: string, file: string, env: Environment): Loaded<RegistryConfig> {
  const parsed = parseYaml(text, { file });
  const base = isNull(parsed) ? mapNode(parsed.place) : parsed;
  const { root, notices } = applyEnvironment(base, registrySchema, env, RULE);
  return decode(root, { kind: 'whole-file', file }, [...notices, ...versionNotice(env)]);
}

function decode(root: ConfigNode, place: Place, notices: readonly string[]): Loaded<RegistryConfig> {
  const decoding = Decoding.start(place);
  const config = registrySchema.decode(root, decoding);
  throwIfAny(decoding.problems);
  if (config === undefined) throw new TypeError('decoding failed without a problem');
  return { config, notices: [...notices, ...decoding.notices], document: new ConfigDocument(root) };
}

function versionNotice(env: Environment): readonly string[] {
  return env[VERSION_VARIABLE] === undefined
    ? []
    : [`${VERSION_VARIABLE} has no effect: the version is the file's own`];
}
