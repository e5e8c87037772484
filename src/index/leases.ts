/** Work that one process at a time does. Times are milliseconds since 1970. */
export interface LeaseRecord {
  /** Undefined where nobody is at it. */
  readonly owner: string | undefined;
  readonly untilMs: number;
  readonly startedAtMs: number | undefined;
  readonly finishedAtMs: number | undefined;
  /** What the last run that was finished left behind. */
  readonly result: string | undefined;
}

/** Who does which work that is to be done once for all processes that share the index. */
export interface LeaseIndex {
  find(name: string): Promise<LeaseRecord | undefined>;
  /**
   * Takes the work on, where nobody holds it and it was last finished before `dueBeforeMs`. A holder that died is
   * followed by another once `untilMs` is over.
   */
  claim(claim: {
    readonly name: string;
    readonly owner: string;
    readonly nowMs: number;
    readonly untilMs: number;
    readonly dueBeforeMs: number;
  }): Promise<boolean>;
  /** Holds on to it. @returns false where it is somebody else's by now */
  renew(name: string, owner: string, untilMs: number): Promise<boolean>;
  /** Ends the run. @param result undefined where it failed and is to be tried again at once */
  release(name: string, owner: string, nowMs: number, result: string | undefined): Promise<void>;
}
