import { parseGoDuration } from '../../config/duration.ts';
import type { Index } from '../../index/index.ts';
import { type Forecast, forecastRetention, type TagForecast } from '../../lifecycle/retention/forecast.ts';
import { hasRetention, Retainer } from '../../lifecycle/retention/retainer.ts';
import { inUnits } from '../../policy/bytes-text.ts';
import type { RepositoryRule } from '../../policy/repository-rules.ts';
import { NO_LOG, SYSTEM_CLOCK } from '../../ports.ts';
import { openConfiguredState } from '../configuration.ts';
import { durationMs } from '../duration-option.ts';
import { Failure } from '../failure.ts';
import { say } from '../say.ts';
import { assertTakenOver } from '../take-over.ts';

/** What the command line says. */
export interface RetentionCommandOptions {
  readonly dryRun?: boolean;
  /** A time (RFC 3339), or so long from now, as Go writes durations; it may be over. */
  readonly at?: string;
  readonly json?: boolean;
  /** As Go writes durations. */
  readonly grace: string;
}

const NANOSECONDS_PER_MS = 1_000_000n;

/** @throws Failure */
function timeOf(text: string | undefined): number {
  const now = SYSTEM_CLOCK.now();
  if (text === undefined) return now;
  if (/^\d{4}-/.test(text) && !Number.isNaN(Date.parse(text))) return Date.parse(text);
  const nanoseconds = parseGoDuration(text);
  if (nanoseconds !== undefined) return now + Number(nanoseconds / NANOSECONDS_PER_MS);
  throw new Failure(
    `--at ${JSON.stringify(text)} is no time: write 2026-01-31T12:00:00Z, 720h for a time to come, or -720h`,
  );
}

function shown(atMs: number | undefined): string | null {
  return atMs === undefined ? null : new Date(atMs).toISOString();
}

function tagForMachines({ facts, isKept, rule, reason, manifests, freedBytes }: TagForecast): unknown {
  const { tag, digest, movedAtMs, pushedAtMs, pulledAtMs } = facts;
  return {
    ...{ tag, digest, keep: isKept, rule, reason },
    ...{ moved: shown(movedAtMs), pushed: shown(pushedAtMs), pulled: shown(pulledAtMs) },
    ...{ manifests, freedBytes },
    ...(facts.since && { pulledSince: shown(facts.since.pulledAtMs) }),
  };
}

function forMachines({ repositories, ...totals }: Forecast, atMs: number): unknown {
  return {
    at: shown(atMs),
    repositories: repositories.map(({ repository, entry, tags }) => ({
      repository,
      match: entry,
      tags: tags.map(tagForMachines),
    })),
    totals,
  };
}

function showForecast({ repositories, ...totals }: Forecast, isPast: boolean): void {
  for (const { repository, entry, tags } of repositories) {
    say(`${repository}\tby the entry for ${entry}`);
    for (const { facts, isKept, rule, reason, freedBytes } of tags) {
      const fate = isKept ? `keep\t${rule}` : `remove\t${inUnits(freedBytes)}`;
      const pulledAtMs = isKept ? undefined : facts.since?.pulledAtMs;
      const missed = pulledAtMs === undefined ? '' : `\tPULLED SINCE, last ${shown(pulledAtMs)}`;
      say(`${repository}:${facts.tag}\t${fate}\t${reason}${missed}`);
    }
  }
  const { removedTags, removedManifests, keptTags, freedBytes } = totals;
  say('');
  if (isPast) {
    say(`${removedTags} tags would have gone, ${keptTags} would have stayed.`);
    say(`${totals.missedTags} of those that would have gone were pulled since. Nothing was changed.`);
    return;
  }
  say(`${removedTags} tags and ${removedManifests} manifests would go, ${keptTags} tags stay.`);
  say(
    `Garbage collection would free ${inUnits(freedBytes)} then, once they can no longer be brought back. Nothing was changed.`,
  );
}

async function removeNow(
  index: Index,
  rules: readonly RepositoryRule[],
  graceMs: number,
  json: boolean,
): Promise<void> {
  const retainer = new Retainer({ index, clock: SYSTEM_CLOCK, log: NO_LOG });
  const total = await retainer.run({
    ...{ rules, graceMs },
    onRemoved(repository, { tags }) {
      if (!json) for (const tag of tags) say(`${repository}:${tag}\tremoved`);
    },
  });
  if (total === 'busy') {
    throw new Failure('another process removes tags by the rules just now; try again when it has finished');
  }
  if (json) return say(JSON.stringify(total));
  say(`Removed ${total.tags} tags and ${total.manifests} manifests in ${total.repositories} repositories.`);
}

/**
 * `berth retention [config.yml]`, beside a running registry or alone.
 * @throws ConfigError, Failure
 */
export async function retention(file: string | undefined, options: RetentionCommandOptions): Promise<void> {
  const { dryRun = false, json = false } = options;
  if (options.at !== undefined && !dryRun) {
    throw new Failure('--at goes with --dry-run: tags are removed now or not at all');
  }
  const graceMs = durationMs('--grace', options.grace);
  const nowMs = timeOf(options.at);
  const isPast = options.at !== undefined && nowMs < SYSTEM_CLOCK.now();
  const state = await openConfiguredState(file);
  const { config, index } = state;
  try {
    const rules = config.repositories;
    if (!hasRetention(rules)) {
      throw new Failure(
        'there are no rules: no entry of "repositories" in the configuration has "retention"',
      );
    }
    await assertTakenOver(state);
    if (!dryRun) return await removeNow(index, rules, graceMs, json);
    const forecast = await forecastRetention(index, rules, { nowMs, graceMs, isPast });
    if (json) say(JSON.stringify(forMachines(forecast, nowMs), null, 2));
    else showForecast(forecast, isPast);
  } finally {
    await index.close();
  }
}
