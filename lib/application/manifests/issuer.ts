import { fieldOf } from '../../domain/fieldPath.ts';
import { Findings } from '../../domain/inputInvalid.ts';
import { SHARED } from '../../domain/issuer.ts';
import type { IssuerSpec } from '../../domain/spec.ts';
import { readIssuerSpec } from '../schema/read.ts';
import { checkAnnotations, type Resource, type ResourceContext, teamOf } from './resource.ts';

/** An Issuer or a ClusterIssuer of cert-manager.io/v1 or chancery.dev/v1. @throws InputInvalid with everything that is wrong */
export function readIssuer(resource: Resource, context: ResourceContext): { team: string; spec: IssuerSpec } {
  const { at, defaults } = context;
  const findings = new Findings();
  findings.attempt(() => checkAnnotations(resource, [], at));
  const team = resource.kind === 'ClusterIssuer' ? SHARED : findings.attempt(() => teamOf(resource, context));
  const spec = findings.attempt(() => readIssuerSpec(resource.spec, { defaults, at: fieldOf(at, 'spec') }));
  findings.throwIfAny();
  return { team: team!, spec: spec! };
}
