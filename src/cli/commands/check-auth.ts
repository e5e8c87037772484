import { checkAuthFile } from '../auth-check.ts';
import { AUTH_WORDS, formatReport, reportForMachines } from '../check-report.ts';

export interface CheckAuthOptions {
  readonly json?: boolean;
  /** Warnings count, too. */
  readonly strict?: boolean;
}

/**
 * `berth auth --check FILE`: everything that is wrong with the file, or looks so. The exit code is 1 where `berth auth`
 * would refuse it.
 * @throws ConfigError when it cannot be read
 */
export async function checkAuth(file: string, options: CheckAuthOptions): Promise<void> {
  const report = await checkAuthFile(file);
  process.stdout.write(options.json === true ? reportForMachines(report) : formatReport(report, AUTH_WORDS));
  const counts = report.findings.some(({ needsAction }) => needsAction || options.strict === true);
  if (counts) process.exitCode = 1;
}
