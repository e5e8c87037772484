import { formatPlace, type Place } from './config-error.ts';
import type { Remark } from './decoding.ts';
import type { Machine } from './machine.ts';
import { formatPath, isPrefix } from './node.ts';
import type { WrittenOption } from './written-options.ts';

/** What becomes of an option in Berth. */
export type Verdict = 'works-as-before' | 'works-differently' | 'not-supported';

/** One option that was found, or one thing that is wrong. */
export interface Finding {
  readonly verdict: Verdict;
  readonly place: Place;
  /** `http.addr`; empty for a variable that leads to no key. */
  readonly key: string;
  /** How it differs, what to do, or what is good to know. Sentences without their end. */
  readonly notes: readonly string[];
  /** The meaning would change unseen, or Berth would refuse to start. */
  readonly needsAction: boolean;
}

/** What the remarks that concern an option make of it. */
export function judge(
  option: WrittenOption,
  remarks: readonly Remark[],
  { from, machine }: { from: 2 | 3 | undefined; machine: Machine },
): Finding {
  const texts = (...kinds: readonly Remark['kind'][]): string[] => [
    ...new Set(remarks.filter(({ kind }) => kinds.includes(kind)).map(({ text }) => text)),
  ];
  const { place } = option;
  const finding = { place: placeShown(option), key: formatPath(option.path) };
  const folders = texts('file').filter((file) => machine.isFolder(file));
  const wrong = [
    ...texts('problem', 'refused'),
    ...folders.map((file) => `${file} is a folder; write the path of a file`),
  ];
  if (wrong.length > 0) return { ...finding, verdict: 'not-supported', notes: wrong, needsAction: true };

  // A file may be there on the machine that will run the registry, so that this is no problem yet.
  const unreadable = texts('file').filter((file) => !machine.canRead(file));
  const remarked = [...texts('notice'), ...unreadable.map((file) => `${file} cannot be read here`)];
  const toDecide = texts('decide');
  const how = [...texts('no-effect').map((reason) => `has no effect: ${reason}`), ...texts('differs')];
  // registry:2 ignores variables with the number of a list's item.
  const isItem = place.kind === 'variable' && option.path.some((step) => typeof step === 'number');
  const [only] = [...texts('only-in'), ...(isItem && /_[0-9]+(_|$)/.test(place.variable) ? ['3'] : [])];
  if (only === 'berth') {
    // Whoever wrote it meant Berth.
    how.push("a key of Berth's own, which registry:2 and registry:3 do not have");
  } else if (only !== undefined && from !== Number(only) && texts('no-effect').length === 0) {
    const other = only === '3' ? 2 : 3;
    how.push(`registry:${other} ignores it; Berth does as registry:${only}`);
    if (from === other) toDecide.push('remove it, if it is to stay without effect');
  }
  const notes = [...how, ...toDecide, ...remarked];
  const verdict = how.length + toDecide.length > 0 ? 'works-differently' : 'works-as-before';
  return { ...finding, verdict, notes, needsAction: toDecide.length > 0 };
}

/** The place for people: a key is easier to find than what stands behind it. */
export function placeShown({ place, keyPlace }: WrittenOption): Place {
  return place.kind === 'file' && keyPlace.kind === 'file' ? keyPlace : place;
}

/** Whether a remark is about this option, one of `options`. */
export function concerns(remark: Remark, option: WrittenOption, options: readonly WrittenOption[]): boolean {
  // `auth: token` is one option, though the remark is about `auth.token`.
  if (isPrefix(option.path, remark.path)) return true;
  if (!isPrefix(remark.path, option.path)) return false;
  if (remark.kind !== 'problem' && remark.kind !== 'notice') return true;
  const { place } = remark;
  if (place.kind !== 'variable')
    return [option.place, option.keyPlace].some((own) => formatPlace(own) === formatPlace(place));
  const ofVariable = options.filter((each) => isVariable(each.place, place.variable));
  return ofVariable.length === 1 && isVariable(option.place, place.variable);
}

function isVariable(place: Place, name: string): boolean {
  return place.kind === 'variable' && place.variable === name;
}
