import type { Cause, RemovalRecord } from '../../index/journal.ts';
import type { Chain, Explanation, Fate, Place } from './explanation.ts';

/** A time as people read it, in UTC. */
export function timeText(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

const WHY: Readonly<Record<Cause['kind'], string>> = {
  api: 'deleted by a client',
  push: 'moved by a push',
  collection: 'garbage collection',
  retention: 'retention',
  expiry: 'it was left unfinished',
};

/** Why, and on whose behalf, in a few words. */
export function causeText({ kind, actor, rule }: Cause): string {
  return `${WHY[kind]}${rule === '' ? '' : ` (${rule})`}${actor === '' ? '' : `, by ${actor}`}`;
}

const FATES: Readonly<Record<Fate, string>> = {
  kept: 'is kept',
  untagged: 'is kept by no tag; it stays unless untagged manifests are collected',
  young: 'is kept by nothing but its age',
  garbage: 'is kept by nothing and goes with the next garbage collection',
  deleted: 'is deleted, and kept to be brought back',
  removed: 'was removed',
  unknown: 'is not here; it never was, or it went before the journal begins',
};

const KINDS: Readonly<Record<RemovalRecord['kind'], string>> = {
  manifest: 'deleted',
  tag: 'the tag was removed',
  link: 'taken out of the repository, in which no manifest named it',
  blob: 'its bytes were removed, since no repository held it',
  kept: 'removed for good, as its keep time was over',
  upload: 'the upload was removed',
};

function chainText(chain: Chain, repository: string): string {
  const [first, ...rest] = chain.steps;
  const parts = chain.tag === undefined ? [] : [`the tag ${repository}:${chain.tag}`];
  if (first !== undefined) parts.push(first.manifest);
  for (const step of rest) parts.push(step.manifest);
  const last = chain.steps.at(-1);
  const relation = last?.by === 'subject' ? 'which is its subject' : 'which names it';
  return `${parts.join(' -> ')}${last === undefined ? '' : `, ${relation}`}`;
}

function placeLines(place: Place, isOnly: boolean): string[] {
  const { repository, chains, youngUntilMs, keptUntilMs, neededByDeleted, fate } = place;
  const lines = isOnly ? [] : [`in ${repository} it ${FATES[fate]}`];
  for (const chain of chains) {
    const by = chain.tag === undefined ? 'named through' : 'kept by';
    lines.push(`  ${by} ${chainText(chain, repository)}`);
  }
  if (youngUntilMs !== undefined && fate !== 'kept') {
    lines.push(`  young for garbage collection until ${timeText(youngUntilMs)}`);
  }
  for (const digest of neededByDeleted) lines.push(`  needed by the deleted manifest ${digest}`);
  if (keptUntilMs !== undefined) lines.push(`  kept until ${timeText(keptUntilMs)}`);
  return lines;
}

/** An explanation in sentences, one a line. */
export function explanationLines(explanation: Explanation): string[] {
  const { kind, name, fate, digest, sizeBytes, places, removals } = explanation;
  const size = sizeBytes === undefined ? '' : ` (${sizeBytes} bytes)`;
  const lines = [`${kind} ${name}${size} ${FATES[fate]}`];
  if (digest !== undefined) lines.push(`  it ${fate === 'kept' ? 'points' : 'pointed'} to ${digest}`);
  for (const place of places) lines.push(...placeLines(place, places.length === 1));
  for (const { atMs, kind: what, repository, digest: of, cause } of removals) {
    const where = repository === undefined || kind !== 'blob' ? '' : ` ${repository}:`;
    const which = kind === 'tag' && of !== undefined ? `, from ${of}` : '';
    lines.push(`  ${timeText(atMs)}${where} ${KINDS[what]}${which}: ${causeText(cause)}`);
  }
  return lines;
}
