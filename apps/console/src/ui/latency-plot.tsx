import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export interface Timed { readonly at: string; readonly event: string; readonly durationMs?: number | undefined }

const secondsMin = 60;
/** A single event spans no time, and none has no bounds. */
const timeSpan = (_: uPlot, from: number | null, to: number | null): [number | null, number | null] => (from === null || to === null ? [null, null] : [Math.min(from, to - secondsMin), to]);

/** Milliseconds of each authentication over time; newest event first in `events`. */
export function LatencyPlot({ events }: { events: readonly Timed[] }) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const timed = events.filter((event) => event.event === 'authentication' && event.durationMs !== undefined).reverse();

  useEffect(() => {
    const width = holder.current!.clientWidth;
    const ink = getComputedStyle(holder.current!).color;
    const axis = { stroke: ink, grid: { stroke: 'rgba(128,128,128,.2)' } };
    plot.current = new uPlot(
      { width, height: 160, legend: { show: false }, scales: { x: { range: timeSpan }, y: { range: (_, __, max) => [0, Math.max(100, max * 1.1)] } }, axes: [axis, { ...axis, label: 'ms' }], series: [{}, { stroke: '#2f8fd8', width: 1.5, points: { show: true, size: 5 } }] },
      [[], []],
      holder.current!,
    );
    return () => plot.current?.destroy();
  }, []);

  useEffect(() => {
    plot.current?.setData([timed.map((event) => Date.parse(event.at) / 1000), timed.map((event) => event.durationMs!)]);
  }, [timed]);

  return <div ref={holder} className="muted" />;
}
