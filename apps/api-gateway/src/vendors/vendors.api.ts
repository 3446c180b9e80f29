import { createVendorSchema, updateVendorSchema, vendorSchema, vendorsSchema } from '@boop/protocol';
import { type ApiDescription, idempotent, keyed } from '../http/openapi/route.ts';
import { pageQuery } from '../http/page.ts';

export const vendorsApi: ApiDescription = {
  schemas: { Vendor: vendorSchema, Vendors: vendorsSchema, CreateVendor: createVendorSchema, UpdateVendor: updateVendorSchema },
  routes: [
    {
      method: 'post', path: '/v1/vendors', summary: 'Add a vendor', roles: ['admin'], body: 'CreateVendor', answers: { 201: 'Vendor' },
      codes: [...keyed, ...idempotent, 'request.malformed', 'request.conflict'],
      examples: { shop: { id: 'corner-shop', name: 'Corner Shop', sector: 'corner-shop.example', authenticationsPerMinute: 100 } },
    },
    { method: 'get', path: '/v1/vendors', summary: 'List vendors', roles: ['admin', 'auditor'], query: pageQuery, answers: { 200: 'Vendors' }, codes: [...keyed, 'request.malformed'] },
    { method: 'get', path: '/v1/vendors/{id}', summary: 'Read a vendor', roles: ['vendor', 'admin', 'auditor'], answers: { 200: 'Vendor', 304: undefined }, codes: [...keyed, 'request.not-found'] },
    {
      method: 'patch', path: '/v1/vendors/{id}', summary: 'Change a vendor; honours If-Match', roles: ['admin'], body: 'UpdateVendor', answers: { 200: 'Vendor', 304: undefined },
      codes: [...keyed, 'request.malformed', 'request.not-found', 'request.conflict', 'request.precondition-failed'],
      examples: { limit: { authenticationsPerMinute: 500 } },
    },
    { method: 'post', path: '/v1/vendors/{id}/suspend', summary: 'Suspend a vendor', roles: ['admin'], idempotency: 'none', answers: { 200: 'Vendor' }, codes: [...keyed, 'request.not-found', 'request.conflict'] },
    { method: 'post', path: '/v1/vendors/{id}/resume', summary: 'End a suspension', roles: ['admin'], idempotency: 'none', answers: { 200: 'Vendor' }, codes: [...keyed, 'request.not-found', 'request.conflict'] },
  ],
};
