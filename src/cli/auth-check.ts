import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { PasswordChecker } from '../auth/identity/password-checker.ts';
import type { TokenDatabase } from '../auth/login/token-database.ts';
import type { AccessSettings } from '../config/auth-backends-schema.ts';
import type { CheckReport } from '../config/check.ts';
import { type AuthCheck, checkAuthText } from '../config/check-auth.ts';
import { ConfigError, type ConfigProblem, formatPlace } from '../config/config-error.ts';
import type { ConfigDocument } from '../config/document.ts';
import { inspectFolder } from '../content/fs/inspect-folder.ts';
import { NO_LOG, NO_METRICS, SYSTEM_CLOCK } from '../ports.ts';
import { wireBackends, wireRules } from './backends/backends.ts';
import type { BackendDependencies } from './backends/parts.ts';
import { openTokenDatabase } from './backends/token-database.ts';
import { reasonOf } from './failure.ts';
import { readTls } from './tls.ts';
import { sectionOfPair, signingKeyFrom } from './token-parts.ts';

/**
 * Looks at a docker_auth file and at the files that it names, as `berth auth` would at its start, and at all of them.
 * Nothing is listened on, connected to or written. Modules of `plugin_authn` and `plugin_authz` are loaded, which runs
 * what stands outside of their functions; casbin's model and rules are read.
 * @throws ConfigError when it cannot be read or is not YAML
 */
export async function checkAuthFile(file: string): Promise<CheckReport> {
  const check = checkAuthText(file);
  const problems: ConfigProblem[] = [];
  const look = async (action: () => unknown): Promise<void> => {
    try {
      await action();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
    }
  };
  const { document, server, signing, audit, data } = check;
  const { tls } = server ?? {};
  if (tls !== undefined) await look(() => readTls({ document, section: ['server'], settings: tls }));
  if (signing !== undefined) {
    await look(() => signingKeyFrom(document, sectionOfPair(document), signing, signing.pair));
  }
  if (data !== undefined) await look(() => checkDataFolder(check, data));
  if (audit?.file !== undefined) await look(() => checkWritable(check, ['audit', 'file'], audit.file ?? ''));
  await look(() => checkBackends(check));
  for (const [name, { pair, rules = {}, ...style }] of check.services ?? []) {
    const { disableLegacyKeyId = false, x5c = true } = style;
    const section = ['services', name];
    if (pair !== undefined) {
      await look(() => signingKeyFrom(document, section, { disableLegacyKeyId, x5c }, pair));
    }
    await look(() => checkRules(rules, document.scope(section)));
  }
  const said = new Set(check.findings.map(({ place, notes }) => `${formatPlace(place)} ${notes.join()}`));
  const further = problems.flatMap(({ place, message }) => {
    const text = `${formatPlace(place)} ${message}`;
    if (said.has(text)) return [];
    said.add(text);
    const found = { verdict: 'not-supported', place, key: check.keyAt(place), needsAction: true } as const;
    return [{ ...found, notes: [message] }];
  });
  return { file, findings: [...check.findings, ...further] };
}

/** @throws ConfigError */
async function checkBackends({ backends, document }: AuthCheck): Promise<void> {
  const parts = await wireBackends(backends, dependencies(document));
  await parts.close();
}

/** @throws ConfigError */
async function checkRules(rules: Partial<AccessSettings>, document: ConfigDocument): Promise<void> {
  const parts = await wireRules(rules as AccessSettings, dependencies(document));
  await parts.close();
}

function dependencies(document: ConfigDocument): BackendDependencies {
  return {
    document,
    index: undefined,
    passwords: new PasswordChecker(SYSTEM_CLOCK),
    clock: SYSTEM_CLOCK,
    log: NO_LOG,
    metrics: NO_METRICS,
    throttle: undefined,
    openTokenDatabase: async (section, settings, deps) =>
      settings.kind === 'gcs'
        ? openTokenDatabase(section, settings, deps)
        : { database: NEVER_ASKED, ...{ rememberMs: 0, mayHoldLegacy: false } },
  };
}

const NEVER_ASKED: TokenDatabase = {
  find: () => Promise.reject(new Error('a check asks no database')),
  replace: () => Promise.reject(new Error('a check asks no database')),
  remove: () => Promise.reject(new Error('a check asks no database')),
};

/** @throws ConfigError */
async function checkDataFolder({ document }: AuthCheck, data: string): Promise<void> {
  const root = resolve(data);
  try {
    const findings = await inspectFolder(root);
    if (findings.kind === 'unfit') {
      throw document.errorAt(['data'], `cannot use the data folder ${data}: ${findings.why}`);
    }
    if (existsSync(root)) accessSync(root, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw document.errorAt(['data'], `cannot use the data folder ${data}: ${reasonOf(error)}`);
  }
}

/** @throws ConfigError where neither the file nor, where there is none yet, its folder can be written */
function checkWritable({ document }: AuthCheck, path: readonly string[], file: string): void {
  try {
    accessSync(existsSync(file) ? file : dirname(resolve(file)), constants.W_OK);
  } catch (error) {
    throw document.errorAt(path, `cannot write ${file}: ${reasonOf(error)}`);
  }
}
