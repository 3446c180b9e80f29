export { type Alarm } from './alarm.ts';
export { entryFault } from './entry-fault.ts';
export { FileMonitorStore } from './file-store.ts';
export { compareWithPeers, type GossipResult, type Peer } from './gossip.ts';
export { HttpLogSource } from './http-source.ts';
export { Monitor, type MonitorOptions, type Step } from './monitor.ts';
export { serveMonitor } from './monitor-server.ts';
export { type LogSource, type MapHead, type MonitorStore } from './ports.ts';
