import { UnknownToken } from '../../auth/explain/access-explainer.ts';
import type { AccessQuestion } from '../../auth/explain/access-explanation.ts';
import { RegistryError } from '../../errors.ts';
import { parseIp } from '../../ip.ts';
import { json, type Reply } from '../message.ts';
import type { ApiContext } from './context.ts';
import { required } from './input.ts';
import { shown } from './json.ts';

/** `GET /api/v1/explain/access` */
export async function explainAccess({ request: { query }, access }: ApiContext): Promise<Reply> {
  const address = query.get('address') ?? undefined;
  if (address !== undefined && parseIp(address) === undefined) throw invalid('"address" is no IP address');
  const account = query.get('account');
  if (account === null)
    throw invalid('the query parameter "account" is missing; leave it empty for whoever does not log in');
  const groups = query.getAll('group');
  const labels = labelsOf(query.getAll('label'));
  const question: AccessQuestion = {
    ...{ account, address },
    type: query.get('type') ?? 'repository',
    name: required(query, 'repository'),
    actions: [...new Set(required(query, 'action').split(','))],
    service: query.get('service') ?? 'berth',
    token: query.get('token') ?? undefined,
    ...(groups.length > 0 && { groups }),
    ...(Object.keys(labels).length > 0 && { labels }),
  };
  if (access === undefined) {
    throw new RegistryError('NOT_FOUND', {
      message: 'tokens for this registry come from elsewhere, and only there is known who may do what',
    });
  }
  try {
    return json(200, shown(await access.explain(question)));
  } catch (error) {
    if (error instanceof UnknownToken) throw invalid(error.message);
    throw error;
  }
}

function invalid(message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', { message });
}

function labelsOf(texts: readonly string[]): Record<string, readonly string[]> {
  const labels = new Map<string, string[]>();
  for (const text of texts) {
    const [, label, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (label === undefined || value === undefined) throw invalid('a label is written name=value');
    labels.set(label, [...(labels.get(label) ?? []), value]);
  }
  return Object.fromEntries(labels);
}
