// Vendors whose redirect brings more, or under other names, than the standard's.

/**
 * https://developer-docs.amazon.com/sp-api/docs/website-authorization-workflow: `application_id` for `client_id`, and
 * `spapi_oauth_code` for `code`; `selling_partner_id` tells whose account it is.
 */
export const amazon = {
  authorize(query) {
    query.set('client_id', query.get('application_id') ?? '');
    query.delete('application_id');
    query.set('response_type', 'code');
    return query;
  },
  callback(query) {
    if (!query.has('code')) return;
    query.set('spapi_oauth_code', query.get('code'));
    query.delete('code');
    query.set('selling_partner_id', 'A3FHEXAMPLE');
  },
};

/**
 * https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/oauth-2.0: `realmId`
 * comes with the redirect, and is part of each address.
 */
export const quickbooks = {
  callback(query) {
    if (query.has('code')) query.set('realmId', '4620816365009999123');
  },
};
