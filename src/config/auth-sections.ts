import { accessFields, identityFields } from './auth-backends-schema.ts';
import { formatPlace } from './config-error.ts';
import type { Decoding } from './decoding.ts';
import type { ConfigNode, MapEntry } from './node.ts';
import { isWritten, placeOfKey } from './types-section.ts';

/** What is to be said of the sections about accounts and rules as a whole. */

const BROWSER_LOGINS = ['google_auth', 'github_auth', 'oidc_auth', 'gitlab_auth'] as const;
const TOKEN_DATABASES = ['gcs_token_db', 'redis_token_db', 'level_token_db'] as const;
const BEHIND_PROGRAM = ['plugin_authz', 'casbin_authz'] as const;

/** Without a folder for what is kept, something has to say who may do what, and where logins are kept. */
export function checkWithoutData(node: ConfigNode, at: Decoding): void {
  if (isWritten(node, 'data')) return;
  if (!hasAny(node, identityFields)) {
    at.report('"users" is missing; write users: {} to refuse everyone', placeOfKey(node, 'users', at));
  }
  if (
    !hasAny(node, accessFields) &&
    !haveRules(node.kind === 'map' ? node.entries.get('services') : undefined)
  ) {
    at.report('"acl" is missing; write acl: [] to allow nothing', placeOfKey(node, 'acl', at));
  }
  for (const key of BROWSER_LOGINS.filter((one) => isWritten(node, one))) {
    const section = node.kind === 'map' ? node.entries.get(key)?.value : undefined;
    if (section === undefined || section.kind !== 'map') continue;
    if (TOKEN_DATABASES.some((one) => isWritten(section, one))) continue;
    const place = placeOfKey(node, key, at);
    at.at(key, place).report(
      `"${key}" has no place for its logins; write data: and a folder at the top of the file`,
    );
  }
}

/** Whether each service has rules of its own, so that nothing is left for those of all. */
function haveRules(services: MapEntry | undefined): boolean {
  if (services?.value.kind !== 'map') return false;
  return [...services.value.entries.values()].every(({ value }) => hasAny(value, accessFields));
}

function hasAny(node: ConfigNode, fields: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(fields).some((key) => isWritten(node, key));
}

/** Sections behind one that always decides are never asked. */
export function noteHiddenSections(node: ConfigNode, at: Decoding): void {
  if (!isWritten(node, 'ext_authz')) return;
  for (const key of BEHIND_PROGRAM.filter((one) => isWritten(node, one))) {
    const place = placeOfKey(node, key, at);
    const before = formatPlace(placeOfKey(node, 'ext_authz', at));
    at.at(key, place).notice(
      `"${key}" is never asked: ext_authz (${before}) decides everything; remove one of them`,
    );
  }
}
