import { type Field, onlyIn, optional, type Type, unsupported } from './schema.ts';
import { anything } from './types-scalar.ts';
import { section } from './types-section.ts';

/** The storage drivers of the original that Berth does not have, with their parameters. */

const ADVICE =
  'this version of Berth stores on a file system only; keep the old registry for it, or copy the images to one with ' +
  'filesystem: {rootdirectory: …}';

const parameter = optional(anything, 'See the driver.');

function driver(names: string): Field<undefined> {
  const fields = Object.fromEntries(names.split(' ').map((name) => [name, parameter]));
  // The key alone chooses the driver.
  return unsupported(section(fields, { go: 'map' }), ADVICE, { evenIfEmpty: true });
}

function s3(): Field<undefined> {
  return driver(
    'accesskey secretkey region regionendpoint redirectendpoint forcepathstyle accelerate bucket encrypt keyid secure ' +
      'skipverify v4auth chunksize multipartcopychunksize multipartcopymaxconcurrency multipartcopythresholdsize ' +
      'rootdirectory storageclass useragent usedualstack usefipsendpoint objectacl loglevel logs3apirequests ' +
      'logs3apiresponseheaders',
  );
}

const credentials: Type<unknown> = section(
  { type: parameter, clientid: parameter, tenantid: parameter, secret: parameter },
  { go: 'map' },
);

const azure = unsupported(
  section(
    {
      ...Object.fromEntries(
        (
          'accountname accountkey container connectionstring realm rootdirectory serviceurl max_retries retry_delay ' +
          'skipverify'
        )
          .split(' ')
          .map((name) => [name, parameter]),
      ),
      credentials: optional(credentials, 'See the driver.'),
    },
    { go: 'map' },
  ),
  ADVICE,
  { evenIfEmpty: true },
);

/** `storage.s3` and so on. */
export const otherDrivers: Readonly<
  Record<'s3' | 's3aws' | 'gcs' | 'azure' | 'oss' | 'swift', Field<undefined>>
> = {
  s3: s3(),
  s3aws: s3(),
  gcs: driver('bucket keyfile credentials rootdirectory chunksize maxconcurrency useragent'),
  azure,
  oss: onlyIn(
    2,
    driver(
      'accesskeyid accesskeysecret region endpoint internal bucket encrypt encryptionkeyid secure chunksize rootdirectory',
    ),
  ),
  swift: onlyIn(
    2,
    driver(
      'username password authurl tenant tenantid domain domainid tenantdomain tenantdomainid trustid region ' +
        'authversion container prefix endpointtype insecureskipverify chunksize secretkey accesskey ' +
        'tempurlcontainerkey tempurlmethods',
    ),
  ),
};
