import { type ConfigProblem, formatPlace, type Place } from './config-error.ts';
import { formatPath, type Path } from './node.ts';

/**
 * What there is to say of one key, for `berth check-config`. It is about the value at `path`, and, save for a problem,
 * about everything below it.
 */
export interface Remark {
  readonly kind: RemarkKind;
  readonly path: Path;
  readonly place: Place;
  readonly text: string;
  /** Of notices with the same text here, a log shows the first few only: `accounts with a weak hash`. */
  readonly series?: string;
}

/** What a remark on a value says. */
export type RemarkKind =
  /** The value is wrong. */
  | 'problem'
  /** The whole of it is refused: unknown or not supported. */
  | 'refused'
  | 'no-effect'
  /** Obeyed, but not as by the original. */
  | 'differs'
  /** It would change its meaning unseen, and somebody has to decide. */
  | 'decide'
  /** A sentence for people. */
  | 'notice'
  /** `text` is `2`, `3` or `berth`: only that registry has the key. */
  | 'only-in'
  /** `text` is the path of a file that will be read. */
  | 'file';

/** A file may have thousands of accounts; a check shows them all. */
const MAX_OF_SERIES = 5;

/** The state of one decoding: where we are, and what was found to say so far. */
export class Decoding {
  readonly path: Path;
  /** The nearest place that was written; a missing key is reported there. */
  readonly place: Place;
  readonly #remarks: Remark[];
  readonly #problems: ConfigProblem[];

  private constructor(path: Path, place: Place, remarks: Remark[], problems: ConfigProblem[]) {
    this.path = path;
    this.place = place;
    this.#remarks = remarks;
    this.#problems = problems;
  }

  static start(place: Place): Decoding {
    return new Decoding([], place, [], []);
  }

  get problems(): readonly ConfigProblem[] {
    return this.#problems;
  }

  get remarks(): readonly Remark[] {
    return this.#remarks;
  }

  /** Sentences for the log, each with its place. */
  get notices(): readonly string[] {
    const counts = new Map<string, number>();
    const notices = this.#remarks.flatMap(({ kind, path, place, text, series }) => {
      if (series !== undefined) {
        const count = (counts.get(series) ?? 0) + 1;
        counts.set(series, count);
        if (count > MAX_OF_SERIES) return [];
      }
      if (kind === 'notice') return `${formatPlace(place)}: ${text}`;
      return kind === 'no-effect'
        ? `${formatPlace(place)}: "${formatPath(path)}" has no effect: ${text}`
        : [];
    });
    const more = [...counts].filter(([, count]) => count > MAX_OF_SERIES);
    return [...notices, ...more.map(([series, count]) => `${count - MAX_OF_SERIES} more ${series}`)];
  }

  /** One level further in. */
  at(step: string | number, place: Place): Decoding {
    return new Decoding([...this.path, step], place, this.#remarks, this.#problems);
  }

  /** The path in quotes, for messages; `the configuration` at the top. */
  get name(): string {
    return this.path.length === 0 ? 'the configuration' : `"${formatPath(this.path)}"`;
  }

  /** The configuration cannot be used: something is wrong here. */
  report(message: string, place: Place = this.place): void {
    this.#problems.push({ place, message });
    this.remark('problem', message, place);
  }

  /** The same, where everything below is refused with it. */
  refuse(message: string, place: Place = this.place): void {
    this.#problems.push({ place, message });
    this.remark('refused', message, place);
  }

  notice(message: string, place: Place = this.place, series?: string): void {
    this.remark('notice', message, place, series);
  }

  /** `reason` is a clause. */
  noEffect(reason: string, place: Place = this.place): void {
    this.remark('no-effect', reason, place);
  }

  remark(kind: RemarkKind, text: string, place: Place = this.place, series?: string): void {
    this.#remarks.push({ kind, path: this.path, place, text, ...(series !== undefined && { series }) });
  }
}
