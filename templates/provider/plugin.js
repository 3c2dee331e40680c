// @ts-check
/** @import {ProviderPlugin} from 'helix-cli/provider' */

/**
 * The hook `helix:provider`: what Helix wants to know before it asks a model. It runs often, so it imports nothing heavy.
 * @returns {Promise<ProviderPlugin>}
 */
export default async () => ({
  // The contract that this is written for. Helix leaves a plugin out that is written for another one.
  apiVersion: 1,
  id: 'acme',
  label: 'Acme',
  // Where the API is, unless providers.acme.base_url of the config says something else.
  baseUrl: 'https://api.acme.example/v1',
  keyVariables: ['ACME_API_KEY'],
  keyRequired: true,
  // Settings of your own, each a JSON Schema: {region: {type: 'string', default: 'eu', description: 'where the model runs'}}
  settings: {},
  async open(options) {
    const {AcmeProvider} = await import('./provider.js')
    return new AcmeProvider(options)
  },
})
