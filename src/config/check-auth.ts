import { accessFields, type BackendSettings, identityFields } from './auth-backends-schema.ts';
import { token } from './auth-schema.ts';
import type { ServerSettings, TokenKeySettings } from './auth-settings.ts';
import { formatPlace, type Place } from './config-error.ts';
import { Decoding } from './decoding.ts';
import { authSchema, type SigningPair, signingPair, tokenKeysOf } from './docker-auth-schema.ts';
import { ConfigDocument } from './document.ts';
import { type AuditSettings, guardFields } from './guard-schema.ts';
import { type ConfigNode, formatPath, isNull, mapNode } from './node.ts';
import { readText } from './read-text.ts';
import type { Field, Type } from './schema.ts';
import { server } from './server-schema.ts';
import { type ServiceSettings, services } from './services-schema.ts';
import { nonEmptyText } from './types-scalar.ts';
import type { Finding } from './verdict.ts';
import { type WrittenOption, writtenOptions } from './written-options.ts';
import { parseYaml } from './yaml.ts';

/** A pair that signs tokens, and how. */
export type SigningSettings = TokenKeySettings & { readonly pair: SigningPair };

/** What the text of a docker_auth file says by itself, and what of it can be looked at further. */
export interface AuthCheck {
  /** What is wrong or looks so; nothing about keys that are as they should be. */
  readonly findings: readonly Finding[];
  readonly document: ConfigDocument;
  /** The sections about accounts and rules that hold; the others as if they were not written. */
  readonly backends: BackendSettings;
  /** Undefined where it does not hold. */
  readonly server: ServerSettings | undefined;
  /** What signs tokens; undefined where it does not hold, or where Berth makes keys of its own. */
  readonly signing: SigningSettings | undefined;
  /** Those that are named; undefined where there are none, or they do not hold. */
  readonly services: ReadonlyMap<string, ServiceSettings> | undefined;
  readonly data: string | undefined;
  readonly audit: AuditSettings | undefined;
  /** The key that stands at a place; empty where there is none. */
  keyAt(place: Place): string;
}

/**
 * Looks at a docker_auth file whole, where `loadAuthConfig` refuses it.
 * @throws ConfigError when it cannot be read or is not YAML
 */
export function checkAuthText(file: string): AuthCheck {
  const parsed = parseYaml(readText(file), { file });
  const root = isNull(parsed) ? mapNode(parsed.place) : parsed;
  const place: Place = { kind: 'whole-file', file };
  const decoding = Decoding.start(place);
  authSchema.decode(root, decoding);
  const entries = root.kind === 'map' ? root.entries : new Map<string, never>();
  const holding = <T>(key: string, type: Type<T>): T | undefined => {
    const entry = entries.get(key);
    if (entry === undefined || isNull(entry.value)) return undefined;
    const alone = Decoding.start(place);
    const value = type.decode(entry.value, alone.at(key, entry.keyPlace));
    return alone.problems.length === 0 ? value : undefined;
  };
  const sections: Readonly<Record<string, Field<unknown>>> = { ...identityFields, ...accessFields };
  const held = Object.entries(sections).map(([key, { type }]) => [key, holding(key, type)]);
  const listener = holding('server', server);
  const tokens = holding('token', token);
  const signing = tokens && tokenKeysOf(tokens, listener);
  const pair = tokens && signingPair(tokens, listener);
  return {
    findings: findingsOf(decoding, root),
    document: new ConfigDocument(root),
    // Each was decoded by the type of its own field.
    backends: Object.fromEntries(held) as BackendSettings,
    server: listener,
    signing: signing && pair && { ...signing, pair },
    services: holding('services', services),
    data: holding('data', nonEmptyText),
    audit: holding('audit', guardFields.audit.type as Type<AuditSettings>),
    keyAt: keysByPlace(root),
  };
}

function findingsOf(decoding: Decoding, root: ConfigNode): readonly Finding[] {
  const findings = decoding.remarks.flatMap(({ kind, path, place, text }): readonly Finding[] => {
    const found = { place, key: formatPath(path) };
    switch (kind) {
      case 'problem':
      case 'refused':
        return [{ ...found, verdict: 'not-supported', notes: [text], needsAction: true }];
      case 'notice':
      case 'decide':
        return [{ ...found, verdict: 'works-differently', notes: [text], needsAction: false }];
      case 'no-effect':
        return [
          { ...found, verdict: 'works-differently', notes: [`has no effect: ${text}`], needsAction: false },
        ];
      default:
        return [];
    }
  });
  const keyOf = keysByPlace(root);
  return findings.map((finding) => ({ ...finding, key: finding.key || keyOf(finding.place) }));
}

function keysByPlace(root: ConfigNode): (place: Place) => string {
  const options = new Map<string, WrittenOption>();
  for (const option of writtenOptions(root)) {
    options.set(formatPlace(option.keyPlace), option);
    options.set(formatPlace(option.place), option);
  }
  return (place) => formatPath(options.get(formatPlace(place))?.path ?? []);
}
