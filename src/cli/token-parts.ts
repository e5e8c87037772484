import type { AclRule } from '../auth/acl/policy.ts';
import { AclSyntaxError, compileAcl, findUnreachable } from '../auth/acl/policy.ts';
import { aclAuthorizer } from '../auth/acl-authorizer.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import type { PasswordChecker } from '../auth/identity/password-checker.ts';
import { type StaticUser, StaticUsers } from '../auth/identity/static-users.ts';
import { loadSigningKey, readCertificates, type SigningKey } from '../auth/token/signing-key.ts';
import type { AclRuleSettings, TokenKeySettings, UserSettings } from '../config/auth-settings.ts';
import type { ConfigDocument } from '../config/document.ts';
import type { Logger } from '../ports.ts';
import { readNamedFile, usingFile } from './key-files.ts';

/** docker_auth's `users` as a provider. */
export function staticUsers(
  users: ReadonlyMap<string, UserSettings>,
  passwords: PasswordChecker,
): StaticUsers {
  const entries = [...users].map(([account, { password, labels }]): [string, StaticUser] => [
    account,
    { passwordHash: password?.reveal(), labels: Object.fromEntries(labels) },
  ]);
  return new StaticUsers(new Map(entries), passwords);
}

/**
 * docker_auth's `acl` as an authorizer; rules that look like mistakes are logged.
 * @param document whose `acl` the rules are
 * @throws ConfigError with the place of a pattern that cannot be compiled
 */
export function aclFrom(
  document: ConfigDocument,
  settings: readonly AclRuleSettings[],
  log: Logger,
): Authorizer {
  const rules = settings.map(
    ({ match, actions, comment }): AclRule => ({
      match: { ...match, labels: match.labels && Object.fromEntries(match.labels) },
      actions,
      comment,
    }),
  );
  for (const { ruleIndex, hiddenBy } of findUnreachable(rules)) {
    log.warn('a rule is never reached: an earlier one matches whatever it would', {
      rule: document.describe(['acl', ruleIndex]),
      hiddenBy: document.describe(['acl', hiddenBy]),
    });
  }
  try {
    const acl = compileAcl(rules);
    for (const { path, message } of acl.warnings) {
      log.warn('a rule looks like a mistake', { rule: document.describe(['acl', ...path]), reason: message });
    }
    return aclAuthorizer(acl);
  } catch (error) {
    if (error instanceof AclSyntaxError) throw document.errorAt(['acl', ...error.path], error.message);
    throw error;
  }
}

/**
 * The key pair that a configuration names for signing.
 * @throws ConfigError
 */
export async function signingKeyFrom(
  document: ConfigDocument,
  settings: TokenKeySettings,
  files: { readonly certificate: string; readonly key: string },
): Promise<SigningKey> {
  // docker_auth signs with the server's pair where the tokens have none of their own.
  const section = document.isWritten(['token', 'certificate']) ? 'token' : 'server';
  const certificatePem = readNamedFile(document, [section, 'certificate'], files.certificate);
  const keyPem = readNamedFile(document, [section, 'key'], files.key);
  await usingFile(document, [section, 'certificate'], files.certificate, () =>
    readCertificates(certificatePem),
  );
  return usingFile(document, [section, 'key'], files.key, () =>
    loadSigningKey(certificatePem, keyPem, {
      keyIdStyle: settings.disableLegacyKeyId ? 'rfc7638' : 'libtrust',
      sendCertificates: settings.x5c,
    }),
  );
}
