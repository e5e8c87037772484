import { type Remembering, USUAL_REMEMBERING } from '../../auth/identity/remembered.ts';
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
