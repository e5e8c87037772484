import { type AclRule, AclSyntaxError, compileAcl, findUnreachable } from '../../auth/acl/policy.ts';
import { aclAuthorizer } from '../../auth/acl-authorizer.ts';
import type { AccessBuilder } from './parts.ts';

/**
 * docker_auth's `acl`; rules that look like mistakes are logged.
 * @throws ConfigError with the place of a pattern that cannot be compiled
 */
export const acl: AccessBuilder = (settings, { document, log }) => {
  if (settings.acl === undefined) return undefined;
  const rules = settings.acl.map(
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
    const compiled = compileAcl(rules);
    for (const { path, message } of compiled.warnings) {
      log.warn('a rule looks like a mistake', { rule: document.describe(['acl', ...path]), reason: message });
    }
    const names = rules.map((_, index) => `acl, rule ${index + 1} (${document.describe(['acl', index])})`);
    return aclAuthorizer(compiled, (index) => names[index] ?? '');
  } catch (error) {
    if (error instanceof AclSyntaxError) throw document.errorAt(['acl', ...error.path], error.message);
    throw error;
  }
};
