import { compileAcl } from '../../auth/acl/policy.ts';
import { aclAuthorizer } from '../../auth/acl-authorizer.ts';
import { aclRuleOf } from '../../config/acl-schema.ts';
import type { AccessBuilder } from './parts.ts';

/** docker_auth's `acl`, whose patterns were checked when it was read. */
export const acl: AccessBuilder = (settings, { document }) => {
  if (settings.acl === undefined) return undefined;
  const rules = settings.acl.map(aclRuleOf);
  const names = rules.map((_, index) => `acl, rule ${index + 1} (${document.describe(['acl', index])})`);
  return { authorizer: aclAuthorizer(compileAcl(rules), (index) => names[index] ?? '') };
};
