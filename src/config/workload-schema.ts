import { compileNamePattern, type NamePattern } from '../pattern/name-pattern.ts';
import { PatternSyntaxError } from '../pattern/syntax-error.ts';
import { optional, required, type Type } from './schema.ts';
import { nonEmptyText, text } from './types-scalar.ts';
import { list, map, placeOfKey, refine, section } from './types-section.ts';

/** Whose tokens of an issuer are whom. */
export interface WorkloadRuleSettings {
  readonly account: string;
  readonly subject: NamePattern | undefined;
  readonly claims: ReadonlyMap<string, NamePattern>;
  readonly labels: ReadonlyMap<string, readonly string[]>;
  readonly labelClaims: ReadonlyMap<string, string>;
}

/** An issuer of workloads' tokens. */
export interface WorkloadIssuerSettings {
  readonly issuer: string;
  /** Of a JWK set; undefined together with `jwksFile`: by discovery. */
  readonly jwksUrl: string | undefined;
  readonly jwksFile: string | undefined;
  readonly identities: readonly WorkloadRuleSettings[];
}

/** `workload_identity` */
export interface WorkloadSettings {
  readonly audience: string;
  readonly issuers: ReadonlyMap<string, WorkloadIssuerSettings>;
}

const ANYTHING: readonly string[] = ['*', '**', '/.*/', '/.+/', '/^.*$/'];

/** A pattern that must fit the whole of a claim: part of it may be a workload's own choice, such as a branch. */
const wholePattern: Type<NamePattern> = refine(nonEmptyText, (written, at) => {
  const isRegex = written.length > 2 && written.startsWith('/') && written.endsWith('/');
  try {
    return {
      ...compileNamePattern(isRegex ? `/^(?:${written.slice(1, -1)})$/` : written),
      text: written,
    };
  } catch (error) {
    if (!(error instanceof PatternSyntaxError)) throw error;
    at.report(`${at.name}: ${error.message}`);
    return undefined;
  }
});

const identity: Type<WorkloadRuleSettings> = refine(
  section({
    account: required(nonEmptyText, 'The account that it is, for rules, and the user name to log in with.'),
    subject: optional(
      wholePattern,
      'What `sub` must be as a whole: a glob (`*` stands within slashes), or a regular expression between slashes.',
    ),
    claims: optional(
      map(wholePattern),
      'What further claims must be, each with a pattern. `a/b` is `b` inside of `a`.',
    ),
    labels: optional(map(list(text)), 'Labels for rules, each with its values.'),
    label_claims: optional(map(nonEmptyText), 'Labels whose values are those of a claim: `{team: groups}`.'),
  }),
  (value, at): WorkloadRuleSettings | undefined => {
    const patterns = [value.subject, ...(value.claims?.values() ?? [])];
    if (!patterns.some((pattern) => pattern !== undefined && !ANYTHING.includes(pattern.text))) {
      at.report(
        `${at.name} is for whoever has a token of this issuer; say with "subject" or "claims" for whom it is`,
      );
      return undefined;
    }
    return {
      account: value.account,
      subject: value.subject,
      claims: value.claims ?? new Map(),
      labels: value.labels ?? new Map(),
      labelClaims: value.label_claims ?? new Map(),
    };
  },
);

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

function problemOfUrl(value: string): string | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined) return 'must be a URL such as https://token.actions.githubusercontent.com';
  if (url.username !== '' || url.password !== '') return 'must have no user name or password in it';
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname));
  return isSafe ? undefined : 'must begin with https://, or others could answer with keys of theirs';
}

const issuer: Type<WorkloadIssuerSettings> = refine(
  section({
    issuer: required(nonEmptyText, 'What `iss` is, exactly.'),
    jwks_url: optional(
      nonEmptyText,
      'Where its keys are; without it and `jwks_file`, `.well-known/openid-configuration` of the issuer says so.',
    ),
    jwks_file: optional(
      nonEmptyText,
      'File with its keys, a JWK set, for an issuer that cannot be reached from here; read again every ten minutes.',
    ),
    identities: required(list(identity), 'Whose tokens are whom; the first one that fits counts.'),
  }),
  (value, at, node): WorkloadIssuerSettings | undefined => {
    const { jwks_url: jwksUrl, jwks_file: jwksFile } = value;
    if (jwksUrl !== undefined && jwksFile !== undefined) {
      at.report(
        '"jwks_url" and "jwks_file" are both written; keep one of them',
        placeOfKey(node, 'jwks_url', at),
      );
    }
    const [key, url] =
      jwksUrl === undefined ? (['issuer', value.issuer] as const) : (['jwks_url', jwksUrl] as const);
    const problem = jwksFile === undefined ? problemOfUrl(url) : undefined;
    if (problem !== undefined) at.report(`"${key}" ${problem}`, placeOfKey(node, key, at));
    return { issuer: value.issuer, jwksUrl, jwksFile, identities: value.identities };
  },
);

/** `workload_identity`: Berth's own. */
export const workloadIdentity: Type<WorkloadSettings> = refine(
  section({
    audience: required(
      nonEmptyText,
      'What `aud` of a token must name: this instance and no other, such as its address. The platform is told to put it there.',
    ),
    issuers: required(map(issuer), 'Whose tokens are believed, each under a name of your choice.'),
  }),
  (value, at): WorkloadSettings | undefined => {
    const issuers = [...value.issuers.values()].map((one) => one.issuer);
    const twice = issuers.find((one, position) => issuers.indexOf(one) !== position);
    if (twice !== undefined)
      at.report(`${at.name} has the issuer ${twice} twice; put the identities together`);
    return value;
  },
);
