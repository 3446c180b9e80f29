import { isSpanContextValid, type SpanContext, TraceFlags } from '@opentelemetry/api';

/** W3C Trace Context, version 00; what has another form is no parent. */
export const traceParentForm = /^00-([0-9a-f]{32})-([0-9a-f]{16})-(0[01])$/;

export const traceParentOf = ({ traceId, spanId, traceFlags }: SpanContext): string => `00-${traceId}-${spanId}-${traceFlags & TraceFlags.SAMPLED ? '01' : '00'}`;

/** @returns undefined for what is malformed or all zero */
export function parseTraceParent(text: string | undefined): SpanContext | undefined {
  const [, traceId, spanId, flags] = traceParentForm.exec(text ?? '') ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  const parent: SpanContext = { traceId, spanId, traceFlags: flags === '01' ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true };
  return isSpanContextValid(parent) ? parent : undefined;
}
