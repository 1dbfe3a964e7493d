import { fieldOf } from '../../domain/fieldPath.ts';
import { Findings } from '../../domain/inputInvalid.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { CertificateSpec } from '../../domain/spec.ts';
import { readCertificateSpec } from '../schema/read.ts';
import { DESTINATIONS_ANNOTATION, parseDestinations } from './destinationsAnnotation.ts';
import { checkAnnotations, type Resource, type ResourceContext, teamOf } from './resource.ts';

/** A Certificate of cert-manager.io/v1 or chancery.dev/v1. @throws InputInvalid with everything that is wrong */
export function readCertificate(resource: Resource, context: ResourceContext): { team: string; spec: CertificateSpec } {
  const { at, defaults } = context;
  const findings = new Findings();
  findings.attempt(() => checkAnnotations(resource, [DESTINATIONS_ANNOTATION], at));
  const team = findings.attempt(() => teamOf(resource, context));
  const destinations = findings.attempt(() => destinationsOf(resource, at));
  const spec = findings.attempt(() =>
    readCertificateSpec(
      { ...resource.spec, ...(destinations !== undefined && { destinations }) },
      // Without a team the file is refused above; any name lets the rest be judged.
      { team: team ?? 'none', name: resource.metadata.name, defaults, at: fieldOf(at, 'spec') },
    ),
  );
  findings.throwIfAny();
  return { team: team!, spec: spec! };
}

/** Destinations of the annotation, or else of the spec. */
function destinationsOf({ metadata, spec }: Resource, at: string): unknown {
  const text = metadata.annotations?.[DESTINATIONS_ANNOTATION];
  if (text === undefined) return spec.destinations;
  const field = fieldOf(at, 'metadata', 'annotations', DESTINATIONS_ANNOTATION);
  if (spec.destinations === undefined) return parseDestinations(text, field);
  throw new Refusal('DestinationsTwice', 'is given together with spec.destinations', {
    field,
    remedy: 'keep one of the two',
  });
}
