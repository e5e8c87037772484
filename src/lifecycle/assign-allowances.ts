import type { UsageIndex } from '../index/usage.ts';
import { quotaOf } from '../policy/quota-of.ts';
import type { RepositoryRule } from '../policy/repository-rules.ts';

const PAGE = 200;

/**
 * Makes every repository a member of the allowance that its rule asks for, after the rules have changed or repositories
 * came that nobody has pushed to. Until then what such a repository holds is not counted with the others.
 * @returns how many were assigned anew
 */
export async function assignAllowances(usage: UsageIndex, rules: readonly RepositoryRule[]): Promise<number> {
  let assigned = 0;
  for (let after: string | undefined; ; ) {
    const page = await usage.list({ after, limit: PAGE });
    for (const { repository, allowance } of page) {
      const wanted = quotaOf(rules, repository)?.allowance;
      if (wanted === allowance) continue;
      await usage.assign(repository, wanted);
      assigned += 1;
    }
    after = page.at(-1)?.repository;
    if (page.length < PAGE) return assigned;
  }
}
