export { cosignerOf } from './cosigner.ts';
export { serveLog } from './serve-log.ts';
export { logOf, ServedLog } from './served-log.ts';
