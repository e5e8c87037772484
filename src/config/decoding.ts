import { type ConfigProblem, formatPlace, type Place } from './config-error.ts';
import { formatPath, type Path } from './node.ts';

interface Collected {
  readonly problems: ConfigProblem[];
  readonly notices: string[];
}

/** The state of one decoding: where we are, and what was found to say so far. */
export class Decoding {
  readonly path: Path;
  /** The nearest place that was written; a missing key is reported there. */
  readonly place: Place;
  readonly #collected: Collected;

  private constructor(path: Path, place: Place, collected: Collected) {
    this.path = path;
    this.place = place;
    this.#collected = collected;
  }

  static start(place: Place): Decoding {
    return new Decoding([], place, { problems: [], notices: [] });
  }

  get problems(): readonly ConfigProblem[] {
    return this.#collected.problems;
  }

  get notices(): readonly string[] {
    return this.#collected.notices;
  }

  /** One level further in. */
  at(step: string | number, place: Place): Decoding {
    return new Decoding([...this.path, step], place, this.#collected);
  }

  /** The path in quotes, for messages; `the configuration` at the top. */
  get name(): string {
    return this.path.length === 0 ? 'the configuration' : `"${formatPath(this.path)}"`;
  }

  report(message: string, place: Place = this.place): void {
    this.#collected.problems.push({ place, message });
  }

  notice(message: string, place: Place = this.place): void {
    this.#collected.notices.push(`${formatPlace(place)}: ${message}`);
  }
}
