export const channels = ['registration', 'vendor', 'pvs', 'admin'] as const;
export type Channel = (typeof channels)[number];
