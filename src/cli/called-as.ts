/** The name by which this program was started; `registry` where it stands in for registry:2 or registry:3. */
export const CALLED_AS: string = process.env['BERTH_CALLED_AS'] ?? 'berth';
