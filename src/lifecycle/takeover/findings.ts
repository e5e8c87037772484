import { ORIGINAL_ROOT } from '../../content/original-keys.ts';
import { TreeFault, type TreeFaultReason } from '../../content/original-tree.ts';
import type { TakeOverFinding } from '../../index/takeover.ts';
import type { FindingKindName } from './finding-kinds.ts';

const KIND_OF: Readonly<Record<TreeFaultReason, FindingKindName>> = {
  denied: 'unreadable',
  link: 'symbolic-link',
  'not-a-file': 'foreign',
  'not-a-folder': 'foreign',
};

/** Gathers what is found until it is written down. */
export class Findings {
  #gathered: TakeOverFinding[] = [];

  /** @param path below `docker/registry/v2` */
  add(kind: FindingKindName, path: string, detail = ''): void {
    this.#gathered.push({ kind, path: `${ORIGINAL_ROOT}/${path}`, detail });
  }

  /** The same as `orNote`, telling what is not there from what cannot be had. */
  async orFault<T>(question: Promise<T>): Promise<T | 'fault'> {
    try {
      return await question;
    } catch (error) {
      if (!(error instanceof TreeFault)) throw error;
      this.add(KIND_OF[error.reason], error.path);
      return 'fault';
    }
  }

  /** @returns undefined where the tree could not answer for a reason that stays; that is noted */
  async orNote<T>(question: Promise<T>): Promise<T | undefined> {
    const answer = await this.orFault(question);
    return answer === 'fault' ? undefined : answer;
  }

  /** Everything since the last time. */
  take(): TakeOverFinding[] {
    const taken = this.#gathered;
    this.#gathered = [];
    return taken;
  }
}
