import type { Shape } from '../../pattern/shape.ts';
import { ShapeSet } from '../../pattern/shape-set.ts';

/** What is looked for in the texts of one place, by its numbers. */
interface Place {
  readonly texts: Map<string, number>;
  readonly shapes: Map<Shape, number>;
}

/** Numbers what rules need from 0, the same thing at the same place once. */
export class PatternIndex {
  readonly #places = new Map<string, Place>();
  #count = 0;

  /** @returns the number of this text at this place */
  addText(place: string, text: string): number {
    return this.#numberOf(this.#place(place).texts, text);
  }

  /** @returns the number of this very shape at this place */
  addShape(place: string, shape: Shape): number {
    return this.#numberOf(this.#place(place).shapes, shape);
  }

  /** Finds what was added. */
  finder(): Finder {
    return new Finder(this.#places, this.#count);
  }

  #place(name: string): Place {
    const place = this.#places.get(name) ?? { texts: new Map(), shapes: new Map() };
    this.#places.set(name, place);
    return place;
  }

  #numberOf<T>(numbers: Map<T, number>, thing: T): number {
    const known = numbers.get(thing);
    if (known !== undefined) return known;
    numbers.set(thing, this.#count);
    this.#count += 1;
    return this.#count - 1;
  }
}

type Reader = (text: string, visit: (number: number) => void) => void;

/** What one request after the other has of it. */
export class Finder {
  readonly #readers: ReadonlyMap<string, Reader>;
  /** The request in which each was found last. */
  readonly #foundIn: Float64Array;
  #request = 0;
  #found: number[] = [];

  constructor(places: ReadonlyMap<string, Place>, count: number) {
    this.#readers = new Map([...places].map(([name, place]) => [name, readerOf(place)]));
    this.#foundIn = new Float64Array(count);
  }

  /** What was found since `begin`, each number once, in no order. */
  get found(): readonly number[] {
    return this.#found;
  }

  /** Forgets what was found. */
  begin(): void {
    this.#request += 1;
    this.#found = [];
  }

  /** Several texts at one place add up. */
  read(place: string, text: string): void {
    this.#readers.get(place)?.(text, (number) => {
      if (this.has(number)) return;
      this.#foundIn[number] = this.#request;
      this.#found.push(number);
    });
  }

  has(number: number): boolean {
    return this.#foundIn[number] === this.#request;
  }
}

function readerOf({ texts, shapes }: Place): Reader {
  const numbers = [...shapes.values()];
  const set = shapes.size === 0 ? undefined : new ShapeSet([...shapes.keys()]);
  return (text, visit) => {
    const number = texts.get(text);
    if (number !== undefined) visit(number);
    set?.find(text, (at) => visit(numbers[at] ?? 0));
  };
}
