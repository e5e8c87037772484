import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock, Logger } from '../../../ports.ts';
import type { Credentials, Identity, IdentityProvider, Standing } from '../provider.ts';
import { DirectoryError, type Entry, type LdapConnection } from './connection.ts';
import type { Directory } from './directory.ts';
import { bindName } from './dn.ts';
import { type Filter, fillFilter, type Template } from './filter.ts';
import { findGroups, type GroupSearch } from './groups.ts';
import { type LabelSource, labelValues } from './labels.ts';
import { isLocked, passwordVersion, STANDING_ATTRIBUTES } from './standing.ts';

/** Of nobody: what people type goes to no more places than it must. */
const NO_PASSWORD = randomBytes(12).toString('base64url');

/** What is asked of a directory. */
export interface LdapQuestions {
  readonly base: string;
  /** With `${account}`. */
  readonly filter: Filter<Template>;
  readonly labels: ReadonlyMap<string, LabelSource>;
  readonly groups: GroupSearch | undefined;
  /** The name that accounts bind with before they search, with `${account}`; undefined where Berth searches itself. */
  readonly accountBindName: string | undefined;
}

/**
 * docker_auth's `ldap_auth`: accounts of an LDAP directory. An account is the one entry that the filter finds, and its
 * password is right where the directory lets that entry in with it.
 */
export class LdapProvider implements IdentityProvider {
  readonly name = 'ldap_auth';
  /** Missing where accounts search for themselves: without their passwords, nobody can. */
  readonly lookup?: (account: string) => Promise<Standing | 'gone'>;
  readonly #questions: LdapQuestions;
  readonly #directory: Pick<Directory, 'use' | 'close'>;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #nobodyThere: string;
  #hasWarned = false;

  /** @param deps.directory is closed with the provider */
  constructor(
    questions: LdapQuestions,
    deps: {
      readonly directory: Pick<Directory, 'use' | 'close'>;
      readonly clock: Clock;
      readonly log: Logger;
    },
  ) {
    this.#questions = questions;
    this.#nobodyThere = [`cn=${randomUUID()}`, questions.base].filter((part) => part !== '').join(',');
    this.#directory = deps.directory;
    this.#clock = deps.clock;
    this.#log = deps.log;
    if (questions.accountBindName === undefined) this.lookup = (account) => this.#lookUp(account);
  }

  /** @throws DirectoryError, HostAway, TooManyLogins */
  async authenticate({ account, password }: Credentials): Promise<Identity | 'no-match' | 'wrong-password'> {
    // To a directory, a bind without a password is nobody's, and succeeds (RFC 4513 §5.1.2).
    if (account === '' || password === '') return 'no-match';
    const { accountBindName } = this.#questions;
    return this.#directory.use(async (session) => {
      if (accountBindName !== undefined) {
        const own = bindName(accountBindName, account);
        if (!(await this.#isRight(session.connection, { account, name: own, password }))) {
          return 'wrong-password';
        }
      }
      const entry = await this.#find(session.connection, account);
      if (entry === undefined) {
        await this.#bindAsNobodyThere(session.connection);
        return 'no-match';
      }
      const { dn: name } = entry;
      if (!(await this.#isRight(session.connection, { account, name, password }))) return 'wrong-password';
      // What an account may not see of its own groups, Berth's account may.
      if (accountBindName === undefined) await session.bindAsService();
      return this.#identify(session.connection, account, entry);
    });
  }

  /** Asks, since nothing else takes as long. */
  async pretend(credentials: Credentials): Promise<void> {
    await this.authenticate(credentials);
  }

  /** As far as to whoever searches. */
  async ping(): Promise<void> {
    await this.#directory.use(async () => undefined);
  }

  async close(): Promise<void> {
    this.#directory.close();
  }

  async #lookUp(account: string): Promise<Standing | 'gone'> {
    if (account === '') return 'gone';
    return this.#directory.use(async ({ connection }) => {
      const entry = await this.#find(connection, account, STANDING_ATTRIBUTES);
      if (entry === undefined || isLocked(entry, this.#clock.now())) return 'gone';
      const version = passwordVersion(entry);
      if (version === undefined && !this.#hasWarned) {
        this.#hasWarned = true;
        this.#log.warn(
          'the directory does not show when a password was changed, so that this ends no login',
          {
            provider: this.name,
            remedy: 'let bind_dn read modifyTimestamp',
          },
        );
      }
      return { identity: await this.#identify(connection, account, entry), version: version ?? '' };
    });
  }

  /**
   * The question that an account would have led to: without it, an unknown one would be answered sooner. The name is of no
   * entry, so that no directory counts it against anybody.
   */
  async #bindAsNobodyThere(connection: LdapConnection): Promise<void> {
    try {
      await connection.bind(this.#nobodyThere, NO_PASSWORD);
    } catch (error) {
      // Some say that there is no such entry in place of that the password is wrong (RFC 4511 §4.2.2).
      if (!(error instanceof DirectoryError)) throw error;
    }
  }

  async #isRight(
    connection: LdapConnection,
    { account, name, password }: { account: string; name: string; password: string },
  ): Promise<boolean> {
    const answer = await connection.bind(name, password);
    if (!answer.isBound) {
      this.#log.debug('the directory does not let an account in', { account, name, reason: answer.reason });
    }
    return answer.isBound;
  }

  async #find(
    connection: LdapConnection,
    account: string,
    more: readonly string[] = [],
  ): Promise<Entry | undefined> {
    const { base, filter, labels } = this.#questions;
    const attributes = [...[...labels.values()].map(({ attribute }) => attribute), ...more];
    const [entry, second] = await connection.search({
      base,
      filter: fillFilter(filter, { account }),
      // "1.1" asks for none; without any, all would come (RFC 4511 §4.5.1.8).
      attributes: attributes.length === 0 ? ['1.1'] : attributes,
      enough: 1,
    });
    if (second !== undefined) {
      throw new DirectoryError(
        `the filter finds more than one entry for the account ${JSON.stringify(account)}, ${entry?.dn} and ` +
          `${second.dn} among them; a filter has to find one`,
      );
    }
    // A bind without a name is nobody's, whatever the password.
    if (entry?.dn === '') throw new DirectoryError('the filter finds an entry without a name');
    return entry;
  }

  async #identify(connection: LdapConnection, account: string, entry: Entry): Promise<Identity> {
    const { labels: sources, groups } = this.#questions;
    const labels = new Map<string, readonly string[]>();
    for (const [label, source] of sources) labels.set(label, labelValues(entry, source));
    if (groups !== undefined) {
      const found = await findGroups(connection, groups, { dn: entry.dn, account });
      labels.set(groups.label, [...new Set([...(labels.get(groups.label) ?? []), ...found])]);
    }
    return { account, labels: Object.fromEntries(labels), isAdmin: false };
  }
}
