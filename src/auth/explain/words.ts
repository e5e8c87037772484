import type { AccessExplanation, AccountState, RulesAsked } from './access-explanation.ts';

const STATES: Readonly<Record<AccountState, string>> = {
  known: 'the account is there',
  unknown: 'there is no such account',
  disabled: 'the account is disabled',
  expired: 'the account or its token has expired',
  untold: 'whether there is such an account, only its password would tell',
};

/** The explanation for people, line by line. */
export function accessLines(explanation: AccessExplanation): string[] {
  const { account, wanted, service, address, sources, labels, groups, granted, refused } = explanation;
  const who = account === '' ? 'whoever does not log in' : account;
  const from = address === undefined ? '' : ` from ${address}`;
  const traits = [
    ...(explanation.isAdmin ? ['administrator'] : []),
    ...(explanation.isRobot ? ['robot'] : []),
    ...(groups.length > 0 ? [`groups ${groups.join(', ')}`] : []),
    ...labels.map(({ label, values }) => `label ${label}: ${values.join(', ')}`),
  ];
  return [
    `${who} asks for ${wanted.actions.join(', ')} of ${wanted.type} ${wanted.name}, at the service ${JSON.stringify(service)}${from}`,
    '',
    `Account: ${STATES[explanation.state]}`,
    ...sources.map(({ provider, answer }) => `  ${provider}: ${answer}`),
    ...traits.map((trait) => `  ${trait}`),
    '',
    'Rules, in the order in which they are asked:',
    ...explanation.rules.flatMap(rulesLines),
    ...(explanation.limits === undefined
      ? []
      : ['', `Limits of the token: ${explanation.limits.join('; ')}`]),
    '',
    `Granted: ${granted.length === 0 ? 'nothing' : granted.join(', ')}`,
    ...refused.map(({ action, why }) => `Not granted: ${action}; ${why}`),
  ];
}

function rulesLines({ authorizer, outcome, tried, reason }: RulesAsked): string[] {
  const OUTCOMES = {
    decides: `decides: ${reason}`,
    'leaves-it': 'no rule matches; the next one is asked',
    fails: `cannot decide: ${reason}`,
    'not-asked': 'not asked, since it is decided',
  };
  return [
    `  ${authorizer}`,
    ...tried.map(({ rule, matches, why }) => `    ${matches ? 'matches' : 'passed over'}: ${rule}; ${why}`),
    `    ${OUTCOMES[outcome]}`,
  ];
}
