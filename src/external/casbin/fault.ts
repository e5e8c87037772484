/** Rules cannot be used. The message is for whoever wrote them. */
export class CasbinFault extends Error {
  /** The file at fault. */
  readonly of: 'model' | 'policy';
  /** 1-based; undefined where it is the file as a whole. */
  readonly line: number | undefined;

  constructor(of: 'model' | 'policy', line: number | undefined, message: string) {
    super(message);
    this.name = 'CasbinFault';
    this.of = of;
    this.line = line;
  }
}
