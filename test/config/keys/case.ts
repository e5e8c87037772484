import type { RegistryConfig } from '../../../src/config/registry-config.ts';
import type { Verdict } from '../../../src/config/verdict.ts';

/** What one key does. */
export interface KeyCase {
  /** Lines of a config.yml that set the key; `version`, `storage` and `http` are added where they are not written. */
  readonly yaml: string;
  /** The setting that it decides, and the value that it gives to it. */
  readonly setting: (config: RegistryConfig) => unknown;
  readonly is: unknown;
  /** Nothing else can be written that is right: the value is that of a configuration without the key. */
  readonly isDefault?: true;
  /** `works-as-before` if not given. */
  readonly verdict?: Verdict;
  /** Another value, and what is said of it. */
  readonly wrong?: readonly [yaml: string, message: RegExp];
}

/** Cases by the key's name as in docs/reference/configuration.md. */
export type KeyCases = Readonly<Record<string, KeyCase>>;
