import { UnknownToken } from '../../auth/explain/access-explainer.ts';
import type { AccessQuestion } from '../../auth/explain/access-explanation.ts';
import { accessLines } from '../../auth/explain/words.ts';
import { shown } from '../../http/api/json.ts';
import { parseIp } from '../../ip.ts';
import type { AccountOptions } from '../account-data.ts';
import { withExplainer } from '../explainer.ts';
import { Failure } from '../failure.ts';
import { OWN_SERVICE } from '../own-tokens.ts';

/** What `berth explain access` is told. */
export interface ExplainAccessOptions extends AccountOptions {
  readonly account: string;
  readonly repository: string;
  readonly action: string;
  readonly type: string;
  readonly service?: string;
  readonly address?: string;
  readonly token?: string;
  readonly group?: readonly string[];
  readonly label?: readonly string[];
}

/**
 * `berth explain access`
 * @throws ConfigError, Failure
 */
export async function explainAccess(options: ExplainAccessOptions): Promise<void> {
  const { account, address, token, group: groups, label } = options;
  if (address !== undefined && parseIp(address) === undefined) {
    throw new Failure(`--address ${JSON.stringify(address)} is no IP address; write one like 192.0.2.1`);
  }
  const question: AccessQuestion = {
    ...{ account, address, token },
    type: options.type,
    name: options.repository,
    actions: [...new Set(options.action.split(',').filter((action) => action !== ''))],
    service: options.service ?? (options.authConfig === undefined ? OWN_SERVICE : ''),
    ...(groups && { groups }),
    ...(label && { labels: labelsOf(label) }),
  };
  const explanation = await withExplainer(options, (explainer) => explainer.explain(question)).catch(
    (error: unknown) => {
      if (error instanceof UnknownToken) throw new Failure(error.message, { cause: error });
      throw error;
    },
  );
  const lines = options.json === true ? [JSON.stringify(shown(explanation))] : accessLines(explanation);
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** @throws Failure */
function labelsOf(texts: readonly string[]): Record<string, readonly string[]> {
  const labels = new Map<string, string[]>();
  for (const text of texts) {
    const [, label, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (label === undefined || value === undefined) {
      throw new Failure(`--label ${JSON.stringify(text)} is no label; write name=value`);
    }
    labels.set(label, [...(labels.get(label) ?? []), value]);
  }
  return Object.fromEntries(labels);
}
