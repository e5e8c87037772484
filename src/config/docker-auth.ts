import { throwIfAny } from './config-error.ts';
import { Decoding } from './decoding.ts';
import { type AuthConfig, authSchema } from './docker-auth-schema.ts';
import { ConfigDocument, type Loaded } from './document.ts';
import { isNull, mapNode } from './node.ts';
import { readText } from './read-text.ts';
import { parseYaml } from './yaml.ts';

/** A docker_auth file, read. */
export interface LoadedAuth extends Loaded<AuthConfig> {
  /** Files that it names, secrets and certificates among them, whose changes matter. */
  readonly files: readonly string[];
}

/**
 * Reads the configuration of `berth auth`, which is docker_auth's. What docker_auth would ignore or
 * understand in a dangerous way (unknown keys, an account without password) is an error here.
 *
 * @throws ConfigError with every problem found
 */
export function loadAuthConfig(file: string): LoadedAuth {
  return parseAuthConfig(readText(file), file);
}

/** The same for a text already read; `file` is for messages. */
export function parseAuthConfig(text: string, file: string): LoadedAuth {
  const parsed = parseYaml(text, { file });
  const root = isNull(parsed) ? mapNode(parsed.place) : parsed;
  const decoding = Decoding.start({ kind: 'whole-file', file });
  const config = authSchema.decode(root, decoding);
  throwIfAny(decoding.problems);
  if (config === undefined) throw new TypeError('decoding failed without a problem');
  const document = new ConfigDocument(root);
  return { config, notices: decoding.notices, document, files: document.namedFiles() };
}
