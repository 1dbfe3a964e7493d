import { x509 as adapter } from '../../lib/adapters/x509/x509.ts';

export const x509 = adapter();
