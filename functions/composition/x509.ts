import { kmsSigners } from '../../lib/adapters/kms/keySigner.ts';
import { x509WithKms } from '../../lib/adapters/kms/x509.ts';
import { x509 as adapter } from '../../lib/adapters/x509/x509.ts';
import { kms } from './kms.ts';

/** Keys that were made in KMS are signed with, whatever the configuration says of new ones. */
export const x509 = x509WithKms(adapter(), kmsSigners(kms));
