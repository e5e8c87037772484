import { type ConfigProblem, type Place, throwIfAny } from './config-error.ts';
import { Decoding } from './decoding.ts';
import { ConfigDocument, type Loaded } from './document.ts';
import { applyEnvironment, type Environment } from './environment.ts';
import { type ConfigNode, isNull, mapNode } from './node.ts';
import { readText } from './read-text.ts';
import type { RegistryConfig } from './registry-config.ts';
import { registrySchema } from './registry-schema.ts';
import { type ConfigurationPath, findConfiguration, PATH_VARIABLE } from './search-path.ts';
import { parseYaml } from './yaml.ts';
import { type Defaults, dropReplacedDefaults, zeroConfiguration } from './zero-configuration.ts';

export interface RegistrySources extends ConfigurationPath {
  /** What holds when there is no file at all. */
  readonly defaults?: Defaults;
}

const VERSION_VARIABLE = 'REGISTRY_VERSION';
const RULE = { prefix: 'REGISTRY_', reserved: new Set([PATH_VARIABLE, VERSION_VARIABLE]) };

/** A configuration as it was written, before its values have types. */
export interface RegistryTree {
  /** The file that was read; undefined: there is none. */
  readonly file: string | undefined;
  readonly place: Place;
  /** As the file has it, or the built-in one. */
  readonly written: ConfigNode;
  /** After the environment. */
  readonly root: ConfigNode;
  /** Variables that lead to no key. */
  readonly ignored: readonly string[];
  /** Files of the search path that are there, too, and were not read. */
  readonly passedOver: readonly string[];
  readonly problems: readonly ConfigProblem[];
  /** Sentences for the log. */
  readonly notices: readonly string[];
}

/**
 * Reads the configuration of `berth serve`: distribution's config.yml, changed by `REGISTRY_*` variables,
 * with distribution's defaults. Without a file the built-in configuration is changed by the variables; a
 * kind of authentication chosen by them replaces Berth's own. `file` is the one that was read.
 *
 * @throws ConfigError with every problem found
 */
export function loadRegistryConfig(
  sources: RegistrySources,
): Loaded<RegistryConfig> & { readonly file: string | undefined } {
  const tree = readRegistryTree(sources);
  return { ...decode(tree), file: tree.file };
}

/** The same for a text already read; `file` is for messages. */
export function parseRegistryConfig(text: string, file: string, env: Environment): Loaded<RegistryConfig> {
  return decode(parseRegistryTree(text, file, env));
}

/**
 * The first half of `loadRegistryConfig`: finds and reads file and environment.
 *
 * @throws ConfigError when the file cannot be read or is not YAML
 */
export function readRegistryTree(sources: RegistrySources): RegistryTree {
  const { file, passedOver } = findConfiguration(sources);
  const unread = passedOver.map((path) => `${path} is not read, since there is ${file}`);
  if (file !== undefined) {
    const tree = parseRegistryTree(readText(file), file, sources.env);
    return { ...tree, passedOver, notices: [...unread, ...tree.notices] };
  }
  const written = zeroConfiguration(sources.defaults ?? {});
  const tree = override(written, { kind: 'built-in' }, sources.env);
  return { ...tree, root: tree.root.kind === 'map' ? dropReplacedDefaults(tree.root) : tree.root };
}

/** The same for a text already read; `file` is for messages. */
export function parseRegistryTree(text: string, file: string, env: Environment): RegistryTree {
  const parsed = parseYaml(text, { file });
  const written = isNull(parsed) ? mapNode(parsed.place) : parsed;
  return { ...override(written, { kind: 'whole-file', file }, env), file };
}

function override(written: ConfigNode, place: Place, env: Environment): RegistryTree {
  const overridden = applyEnvironment(written, registrySchema, env, RULE);
  const notices = overridden.ignored.map((name) => `Ignoring unrecognized environment variable ${name}`);
  const hasVersion = env[VERSION_VARIABLE] !== undefined;
  if (hasVersion) notices.push(`${VERSION_VARIABLE} has no effect: the version is the file's own`);
  const ignored = hasVersion ? [...overridden.ignored, VERSION_VARIABLE] : overridden.ignored;
  return { ...overridden, ignored, written, place, notices, file: undefined, passedOver: [] };
}

function decode({ root, place, problems, notices }: RegistryTree): Loaded<RegistryConfig> {
  throwIfAny(problems);
  const decoding = Decoding.start(place);
  const config = registrySchema.decode(root, decoding);
  throwIfAny(decoding.problems);
  if (config === undefined) throw new TypeError('decoding failed without a problem');
  return { config, notices: [...notices, ...decoding.notices], document: new ConfigDocument(root) };
}
