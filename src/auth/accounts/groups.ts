import type { GroupMapping, GroupRecord } from '../../index/groups.ts';
import type { Page } from '../../index/tags.ts';
import { type ManagerParts, unknownGroup } from './manager.ts';
import { isSendable, parseGroupName } from './names.ts';
import { AccountProblem } from './problem.ts';

const MAX_LABEL_CHARACTERS = 100;
const MAX_VALUE_CHARACTERS = 1_000;

/** Groups, who is in them, and which groups of other providers stand for them. */
export class Groups {
  readonly #parts: ManagerParts;

  constructor(parts: ManagerParts) {
    this.#parts = parts;
  }

  list(page: Page): Promise<GroupRecord[]> {
    return this.#parts.index.groups.list(page);
  }

  members(group: string, page: Page): Promise<string[]> {
    return this.#parts.index.groups.members(group, page);
  }

  /** @throws AccountProblem */
  async add(group: string): Promise<void> {
    const { index, clock } = this.#parts;
    if (await index.groups.create(parseGroupName(group), clock.now())) return;
    throw new AccountProblem('exists', `the group "${group}" exists already`);
  }

  /** @throws AccountProblem */
  async remove(group: string): Promise<void> {
    const { index, clock } = this.#parts;
    if (!(await index.groups.remove(group, clock.now()))) unknownGroup(group);
  }

  /**
   * @returns whether Berth has an account of this name; one that another provider knows may be a member as well
   * @throws AccountProblem
   */
  async join(group: string, account: string): Promise<boolean> {
    const { index } = this.#parts;
    if (!isSendable(account)) {
      throw new AccountProblem('invalid', `nobody can log in as ${JSON.stringify(account.slice(0, 100))}`);
    }
    if ((await index.groups.join(group, account)) === 'unknown') unknownGroup(group);
    return (await index.accounts.find(account)) !== undefined;
  }

  /** @throws AccountProblem */
  async leave(group: string, account: string): Promise<void> {
    const { index, clock } = this.#parts;
    if (await index.groups.leave(group, account, clock.now())) return;
    throw new AccountProblem(
      'unknown',
      `${JSON.stringify(account)} was not put into ${JSON.stringify(group)} by name`,
    );
  }

  mappings(): Promise<GroupMapping[]> {
    return this.#parts.index.groups.mappings();
  }

  /** @throws AccountProblem */
  async map(mapping: GroupMapping): Promise<void> {
    const { label, value, group } = mapping;
    if (
      label === '' ||
      value === '' ||
      label.length > MAX_LABEL_CHARACTERS ||
      value.length > MAX_VALUE_CHARACTERS
    ) {
      throw new AccountProblem(
        'invalid',
        'a mapping needs the name of a label and one of its values, such as groups=developers',
      );
    }
    if ((await this.#parts.index.groups.map(mapping)) === 'unknown') unknownGroup(group);
  }

  /** @throws AccountProblem */
  async unmap(mapping: GroupMapping): Promise<void> {
    const { label, value, group } = mapping;
    if (await this.#parts.index.groups.unmap(mapping)) return;
    throw new AccountProblem('unknown', `${label}=${value} is not mapped to ${JSON.stringify(group)}`);
  }
}
