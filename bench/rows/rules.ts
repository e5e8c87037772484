import { type AclRequest, compileAcl } from '../../src/auth/acl/policy.ts';
import { Pair, withPair } from '../pair.ts';
import { type Metric, type Outcome, pick, type Row } from '../row.ts';
import { berthAuth, startAuthService, tokenRequest } from '../server/auth-service.ts';
import { percentile } from '../stats.ts';
import { CONNECTIONS, measureLoad } from './requests.ts';

const RULES = 10_000;
/** Decisions about names that were never asked about before. */
const DECISIONS = 1000;

interface Shape {
  readonly label: string;
  /** The conditions of the rule with this number. */
  match(number: number): object;
  /** A name that only this rule matches, each variant another. */
  name(number: number, variant: number): string;
}

const SHAPES: readonly Shape[] = [
  { label: 'text', match: (n) => ({ name: `team-${n}/app` }), name: (n) => `team-${n}/app` },
  { label: 'team-N/*', match: (n) => ({ name: `team-${n}/*` }), name: (n, v) => `team-${n}/app-${v}` },
  {
    label: `\${account}/N-*`,
    match: (n) => ({ name: `\${account}/${n}-*` }),
    name: (n, v) => `admin/${n}-app-${v}`,
  },
  {
    label: '/^(team|org)-N-[a-z]+\\/.*/',
    match: (n) => ({ name: `/^(team|org)-${n}-[a-z]+\\/.*/` }),
    name: (n, v) => `org-${n}-abc/app-${v}`,
  },
  {
    label: '/^(teamN|orgN)\\//',
    match: (n) => ({ name: `/^(team${n}|org${n})\\//` }),
    name: (n, v) => `org${n}/app-${v}`,
  },
  {
    label: '/.*-N[0-9]{3}$/',
    match: (n) => ({ name: `/.*-${n}[0-9]{3}$/` }),
    name: (n, v) => `team/app-${v}x-${n}123`,
  },
  {
    label: '/(?i)^TeamN\\//',
    match: (n) => ({ name: `/(?i)^Team${n}\\//` }),
    name: (n, v) => `team${n}/app-${v}`,
  },
  {
    label: '/^[a-z]{A}-[0-9]{B}$/',
    match: (n) => ({ name: `/^[a-z]{${1 + (n % 100)}}-[0-9]{${1 + Math.floor(n / 100)}}$/` }),
    name: (n, v) => `${letters(v, 1 + (n % 100))}-${'1'.repeat(1 + Math.floor(n / 100))}`,
  },
  {
    label: `/^\${account}\\/N-[0-9]+$/`,
    match: (n) => ({ name: `/^\${account}\\/${n}-[0-9]+$/` }),
    name: (n, v) => `admin/${n}-${v}`,
  },
  {
    label: 'labels: /^t-?N$/',
    match: (n) => ({ labels: { team: `/^t-?${n}$/` }, name: `\${labels:team}/*` }),
    name: (n, v) => `t${n}/app-${v}`,
  },
  { label: 'ip: a network', match: (n) => ({ ip: networkOf(n, '0/24') }), name: (_, v) => `app-${v}` },
  {
    label: 'all names match',
    match: (n) => ({ name: `/[^${String.fromCodePoint(0x4e00 + n)}]$/`, account: `/^(admin|u)${n}$/` }),
    name: (_, v) => `app-${v}`,
  },
];

function letters(variant: number, length: number): string {
  const digits = [...variant.toString(26)].map((digit) =>
    String.fromCharCode(97 + Number.parseInt(digit, 26)),
  );
  return digits.join('').slice(-length).padStart(length, 'q');
}

function networkOf(number: number, rest: string): string {
  return `10.${number >> 8}.${number & 255}.${rest}`;
}

function requestOf(shape: Shape, number: number, variant: number): AclRequest {
  return {
    account: shape.label.startsWith('all') ? `admin${number}` : 'admin',
    type: 'repository',
    name: shape.name(number, variant),
    service: 's',
    ip: networkOf(number, '7'),
    labels: { team: ['other', `t${number}`] },
    actions: ['pull'],
  };
}

interface Measured {
  readonly compileMs: number;
  readonly p50: number;
  readonly p99: number;
}

/** At the last rule, in this process: the code of this checkout. */
function decide(shape: Shape): Measured {
  const rules = Array.from({ length: RULES }, (_, number) => ({
    match: shape.match(number),
    actions: ['*'],
  }));
  const started = performance.now();
  const acl = compileAcl(rules);
  const compileMs = performance.now() - started;
  const times: number[] = [];
  for (let variant = 0; variant < DECISIONS; variant += 1) {
    const request = requestOf(shape, RULES - 1, variant);
    const before = performance.now();
    const decision = acl.authorize(request);
    times.push(performance.now() - before);
    if (decision === 'no-match' || decision.ruleIndex !== RULES - 1) {
      throw new Error(`${shape.label}: ${request.name} is decided by another rule`);
    }
  }
  const sorted = Float64Array.from(times).sort();
  return { compileMs, p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) };
}

function inProcess(shape: Shape, rounds: number): Metric[] {
  const found = Array.from({ length: rounds }, () => decide(shape));
  const line = (label: string, value: (one: Measured) => number): Metric => ({
    label,
    unit: 'ms',
    better: 'less',
    samples: { berth: found.map(value), peer: [] },
  });
  return [
    { ...line(shape.label, (one) => one.p50), expected: { atMost: 1 } },
    { ...line('  p99', (one) => one.p99), expected: { atMost: 1 } },
    line('  all rules read', (one) => one.compileMs),
  ];
}

/** Those whose rules say nothing but the name. */
const MIXED = SHAPES.slice(0, 9);

/** Through the server: all shapes in one list, beside a list of one rule. */
async function endToEnd(bench: Parameters<Row['run']>[0]): Promise<Outcome> {
  const { workspace, options, cores, loader } = bench;
  const { rounds, seconds } = options.effort;
  const mixed = Array.from({ length: RULES }, (_, number) => ({
    match: MIXED[number % MIXED.length]?.match(number) ?? {},
    actions: ['*'],
  }));
  const last = { match: { account: 'admin', name: 'last/*' }, actions: ['*'] };
  const found: Record<'one' | 'many', { cpu: number[]; p99: number[]; start: number[] }> = {
    one: { cpu: [], p99: [], start: [] },
    many: { cpu: [], p99: [], start: [] },
  };
  const failures: string[] = [];
  const request = {
    ...tokenRequest('admin', 'badmin', 'repository:last/app-{n}:pull,push'),
    path: `/auth?account=admin&service=s&scope=repository:last/app-{n}:pull,push`,
    varies: true,
  };
  for (const [which, rules] of [
    ['one', [last]],
    ['many', [...mixed.slice(1), last]],
  ] as const) {
    const starting = Pair.start(() =>
      startAuthService(workspace, berthAuth(options.berth), bench.key, { rules, core: cores?.server }),
    );
    await withPair(starting, async (pair) => {
      const load = (server: Parameters<typeof measureLoad>[1], time: number) =>
        measureLoad(loader.builtIn, server, [request], time, CONNECTIONS, cores?.load);
      await pair.each(async (server) => {
        found[which].start.push(server.startMs);
        await load(server, 1);
      });
      const samples = await pair.rounds(rounds, (server) => load(server, seconds));
      found[which].cpu.push(...pick(samples, (one) => one.cpuMicroseconds).berth);
      found[which].p99.push(...pick(samples, (one) => one.p99).berth);
      failures.push(...pair.failures);
    });
  }
  const ratio = found.many.cpu.flatMap((cpu, round) => {
    const one = found.one.cpu[round];
    return one === undefined ? [] : [cpu / one];
  });
  const line = (label: string, unit: string, berth: number[]): Metric => ({
    label,
    unit,
    better: 'less',
    samples: { berth, peer: [] },
  });
  return {
    metrics: [
      line('tokens, all shapes: p99', 'ms', found.many.p99),
      line('  server CPU', 'µs/req', found.many.cpu),
      { ...line('  CPU, 10 000 : 1', '×', ratio), expected: { atMost: 1.2 } },
      line('  first answer', 'ms', found.many.start),
      line('  first answer, 1 rule', 'ms', found.one.start),
    ],
    failures,
  };
}

/** A decision at the end of a long list, about a name that was never asked about. */
export const rules: Row = {
  id: 'rules',
  title: '10 000 rules, the last decides',
  async run(bench): Promise<Outcome> {
    const metrics = SHAPES.flatMap((shape) => inProcess(shape, bench.options.effort.rounds));
    const { metrics: more, failures } = await endToEnd(bench);
    return { metrics: [...metrics, ...more], failures };
  },
};
