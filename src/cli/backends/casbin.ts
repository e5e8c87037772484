import type { CasbinSettings } from '../../config/casbin-schema.ts';
import type { ConfigDocument } from '../../config/document.ts';
import { readNamedFile } from '../key-files.ts';
import { ruleName } from './outside.ts';
import type { AccessBuilder } from './parts.ts';

/**
 * docker_auth's `casbin_authz`. Its files are among those of the configuration, which is taken over when they change.
 * @throws ConfigError with the place of the file that cannot be used
 */
export const casbinAuthz: AccessBuilder = async ({ casbin_authz: settings }, deps) => {
  if (settings === undefined) return undefined;
  const { document } = deps;
  const { CasbinAuthorizer } = await import('../../external/casbin/authorizer.ts');
  const enforce = await load(settings, document);
  return { authorizer: new CasbinAuthorizer(enforce, ruleName('casbin_authz', deps)) };
};

async function load({ modelPath, policyPath }: CasbinSettings, document: ConfigDocument) {
  const [{ loadEnforcer }, { CasbinFault }] = await Promise.all([
    import('../../external/casbin/enforcer.ts'),
    import('../../external/casbin/fault.ts'),
  ]);
  const key = (name: string): string[] => ['casbin_authz', name];
  const model = readNamedFile(document, key('model_path'), modelPath);
  const policy = readNamedFile(document, key('policy_path'), policyPath);
  try {
    return await loadEnforcer(model, policy);
  } catch (error) {
    if (!(error instanceof CasbinFault)) throw error;
    const [name, file] = error.of === 'model' ? ['model_path', modelPath] : ['policy_path', policyPath];
    const place = error.line === undefined ? file : `${file}:${error.line}`;
    throw document.errorAt(key(name), `${place} cannot be used: ${error.message}`);
  }
}
