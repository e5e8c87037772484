import { type Remembering, USUAL_REMEMBERING } from '../../auth/identity/remembered.ts';
import type { BackendSettings } from '../../config/auth-backends-schema.ts';
import type { OutsideLimits } from '../../config/outside-schema.ts';
import type { BackendDependencies } from './parts.ts';

/** For how long logins are remembered where the configuration names one time for them. */
export function remembering({ cacheMs }: OutsideLimits): Remembering {
  return { rightMs: cacheMs, wrongMs: Math.min(cacheMs, USUAL_REMEMBERING.wrongMs) };
}

/** What decisions of a section are said to come from. */
export function ruleName(section: string, { document }: BackendDependencies): string {
  return `${section} (${document.describe([section])})`;
}

/** Sections behind one that always decides are never asked. */
export function warnOfRulesBehind(
  section: keyof BackendSettings,
  settings: Partial<BackendSettings>,
  later: readonly (keyof BackendSettings)[],
  { document, log }: BackendDependencies,
): void {
  for (const hidden of later.filter((key) => settings[key] !== undefined)) {
    log.warn('a section is never asked: an earlier one decides everything', {
      section: document.describe([hidden]),
      hiddenBy: document.describe([section]),
    });
  }
}
