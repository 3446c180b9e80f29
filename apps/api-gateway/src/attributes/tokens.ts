export const ATTRIBUTES = Symbol('attributes');
export const ATTRIBUTE_LOG = Symbol('attribute log');
