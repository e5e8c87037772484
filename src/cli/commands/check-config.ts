import { checkRegistryConfig } from '../../config/check.ts';
import { formatReport, reportForMachines } from '../check-report.ts';
import { SEARCH_PATHS } from '../configuration.ts';

export interface CheckConfigOptions {
  /** The registry that the configuration was written for. */
  readonly from?: 2 | 3;
  readonly json?: boolean;
  /** What works differently counts, too. */
  readonly strict?: boolean;
}

/**
 * `berth check-config [config.yml]`: what becomes of each option. The exit code is 1 where something must be changed or
 * decided before `berth serve` means what the original did.
 * @throws ConfigError when the configuration cannot be read
 */
export async function checkConfig(file: string | undefined, options: CheckConfigOptions): Promise<void> {
  const report = checkRegistryConfig({
    file,
    env: process.env,
    searchPaths: SEARCH_PATHS,
    from: options.from,
  });
  const counts = report.findings.some(
    ({ needsAction, verdict }) => needsAction || (options.strict === true && verdict === 'works-differently'),
  );
  process.stdout.write(options.json === true ? reportForMachines(report) : formatReport(report));
  if (counts) process.exitCode = 1;
}
