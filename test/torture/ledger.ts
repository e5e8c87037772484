/**
 * What the server acknowledged, kept outside of it. A register is something that has one value at a time: a tag and
 * the digest that it points to, a blob of a repository. Operations on it have a beginning and an end; one that was
 * not acknowledged may have happened or not, at any time between the two.
 */

/** `undefined` is: not there. */
export type Value = string | undefined;

export type Effect =
  | { readonly kind: 'set'; readonly value: Value }
  /** Not there any more, if this was its value. */
  | { readonly kind: 'drop'; readonly value: string };

/** `refused`: it certainly did not happen. `unknown`: it happened or not. */
export type Outcome = 'acknowledged' | 'refused' | 'unknown';

interface Operation {
  readonly what: string;
  readonly effect: Effect;
  readonly begun: number;
  /** Infinity as long as it may still happen. */
  ended: number;
  isAcknowledged: boolean;
}

/** An operation under way. */
export interface Pending {
  end(outcome: Outcome): void;
  /** Nobody knows what became of it, and a server that lives may still be at it. */
  leaveOpen(): void;
}

/** A look at a register under way. */
export interface Look {
  /** @returns a sentence where no order of the operations explains this value */
  saw(value: Value): string | undefined;
  /** Whether anything may have changed since the look began. */
  readonly isDisturbed: boolean;
  close(): void;
}

export class Ledger {
  #time = 0;
  readonly #registers = new Map<string, Register>();
  readonly #open = new Set<Operation>();
  /** Beginnings of looks and operations that are under way: what they may have seen is kept. */
  readonly #active = new Map<symbol, number>();

  register(name: string): Register {
    let register = this.#registers.get(name);
    if (register === undefined) {
      register = new Register(name, this);
      this.#registers.set(name, register);
    }
    return register;
  }

  *registers(prefix: string): Generator<Register> {
    for (const [name, register] of this.#registers) if (name.startsWith(prefix)) yield register;
  }

  /** Every server is dead: nothing that was left open can happen any more. */
  allDied(): void {
    for (const operation of this.#open) operation.ended = this.tick();
    this.#open.clear();
  }

  tick(): number {
    this.#time += 1;
    return this.#time;
  }

  begin(): { at: number; done: () => void } {
    const id = Symbol();
    const at = this.tick();
    this.#active.set(id, at);
    return { at, done: () => void this.#active.delete(id) };
  }

  leaveOpen(operation: Operation): void {
    this.#open.add(operation);
  }

  get oldestActive(): number {
    return Math.min(this.#time, ...this.#active.values());
  }
}

export class Register {
  readonly name: string;
  readonly #ledger: Ledger;
  /** Before any operation nothing is there. */
  #operations: Operation[] = [
    {
      what: 'nothing yet',
      effect: { kind: 'set', value: undefined },
      begun: 0,
      ended: 0,
      isAcknowledged: true,
    },
  ];

  constructor(name: string, ledger: Ledger) {
    this.name = name;
    this.#ledger = ledger;
  }

  begin(what: string, effect: Effect): Pending {
    const { at, done } = this.#ledger.begin();
    const operation: Operation = { what, effect, begun: at, ended: Infinity, isAcknowledged: false };
    this.#operations.push(operation);
    return {
      end: (outcome) => {
        done();
        operation.ended = this.#ledger.tick();
        operation.isAcknowledged = outcome === 'acknowledged';
        if (outcome === 'refused') this.#operations = this.#operations.filter((one) => one !== operation);
        this.#prune();
      },
      leaveOpen: () => {
        done();
        this.#ledger.leaveOpen(operation);
      },
    };
  }

  look(): Look {
    const { at, done } = this.#ledger.begin();
    const isDisturbed = (): boolean => this.#operations.some(({ ended }) => ended > at);
    return {
      saw: (value) => {
        if (this.#explains(value, at)) return undefined;
        return `${this.name} was ${value ?? 'not there'}, which nothing explains.\n${this.history()}`;
      },
      get isDisturbed() {
        return isDisturbed();
      },
      close: done,
    };
  }

  /** What it may be now, if nothing is under way. */
  possible(): Set<Value> {
    const now = this.#ledger.tick();
    const values = new Set<Value>(this.#operations.map(({ effect }) => after(effect)));
    return new Set([...values].filter((value) => this.#explains(value, now)));
  }

  history(): string {
    return this.#operations
      .map(
        ({ what, begun, ended, isAcknowledged }) =>
          `    ${begun}..${ended} ${isAcknowledged ? 'acknowledged' : 'unknown'}: ${what}`,
      )
      .join('\n');
  }

  /** Whether a look that began then may see this value. */
  #explains(value: Value, lookedAt: number): boolean {
    return this.#operations.some(
      (one) => after(one.effect) === value && !this.#operations.some((two) => isUndone(one, two, lookedAt)),
    );
  }

  /** Forgets what no look under way, or later, can see. */
  #prune(): void {
    const oldest = this.#ledger.oldestActive;
    const kept = this.#operations.filter(
      (one) => !this.#operations.some((two) => isUndone(one, two, oldest)),
    );
    this.#operations = kept;
  }
}

function after(effect: Effect): Value {
  return effect.kind === 'set' ? effect.value : undefined;
}

/** Whether the second certainly came after the first, and before the look, and left nothing of it. */
function isUndone(first: Operation, second: Operation, lookedAt: number): boolean {
  if (!second.isAcknowledged || second.begun <= first.ended || second.ended >= lookedAt) return false;
  return second.effect.kind === 'set' || second.effect.value === after(first.effect);
}
